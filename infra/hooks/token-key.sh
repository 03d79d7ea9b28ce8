#!/bin/sh
# Create the resource group, the vault in it, and the key that signs the tokens. An existing key stays: a new one would
# invalidate every token. `azd provision` runs this first; without azd, set the two variables and run it by hand.
set -eu
cd "$(dirname "$0")/.."
: "${AZURE_RESOURCE_GROUP:?is not set: azd env set AZURE_RESOURCE_GROUP rg-egl-ml}"
: "${AZURE_LOCATION:?is not set: azd env set AZURE_LOCATION westeurope}"

# azd's subscription, which need not be that of `az`.
in_subscription() {
    if [ -n "${AZURE_SUBSCRIPTION_ID:-}" ]; then
        az "$@" --subscription "$AZURE_SUBSCRIPTION_ID"
    else
        az "$@"
    fi
}

if [ "$(in_subscription group exists --name "$AZURE_RESOURCE_GROUP")" != true ]; then
    in_subscription group create --name "$AZURE_RESOURCE_GROUP" --location "$AZURE_LOCATION" --output none
fi

vault=$(in_subscription keyvault list --resource-group "$AZURE_RESOURCE_GROUP" --query "[?tags.holds=='token-key'].id" --output tsv)
if [ -n "$vault" ]; then
    # Azure Resource Manager lists a secret without its value, and needs no role on the vault.
    if output=$(az rest --method get --url "$vault/secrets/token-key?api-version=2023-07-01" --query name --output tsv 2>&1); then
        echo "The token key exists and stays."
        exit 0
    fi
    case $output in
        *"Not Found"* | *NotFound*) ;;
        *)
            echo "The vault cannot be searched for a token key: $output" >&2
            exit 1
            ;;
    esac
fi

# Through standard input: other users can read a command line.
LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 64 |
    in_subscription deployment group create --name token-key --resource-group "$AZURE_RESOURCE_GROUP" \
        --template-file modules/vault.bicep --parameters location="$AZURE_LOCATION" tokenKey=@- --output none
echo "Created a token key."
