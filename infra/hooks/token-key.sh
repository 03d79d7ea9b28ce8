#!/bin/sh
# Makes the resource group, the vault in it, and the key that signs the tokens. A key that is there stays: a new one would
# end every token. `azd provision` runs this first; without azd, set the two variables and run it by hand.
set -eu
cd "$(dirname "$0")/.."
: "${AZURE_RESOURCE_GROUP:?is not set: azd env set AZURE_RESOURCE_GROUP rg-egl-ml}"
: "${AZURE_LOCATION:?is not set: azd env set AZURE_LOCATION westeurope}"

if [ "$(az group exists --name "$AZURE_RESOURCE_GROUP")" != true ]; then
    az group create --name "$AZURE_RESOURCE_GROUP" --location "$AZURE_LOCATION" --output none
fi

vault=$(az keyvault list --resource-group "$AZURE_RESOURCE_GROUP" --query "[?tags.holds=='token-key'].id" --output tsv)
if [ -n "$vault" ]; then
    # Azure Resource Manager tells that a secret is there without showing it, and needs no role on the vault.
    if said=$(az rest --method get --url "$vault/secrets/token-key?api-version=2023-07-01" --query name --output tsv 2>&1); then
        echo "The token key is there and stays."
        exit 0
    fi
    case $said in
        *"Not Found"* | *NotFound*) ;;
        *)
            echo "Whether there is a token key cannot be told: $said" >&2
            exit 1
            ;;
    esac
fi

# Through standard input: a command line is for all to see.
LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 64 |
    az deployment group create --name token-key --resource-group "$AZURE_RESOURCE_GROUP" \
        --template-file modules/vault.bicep --parameters location="$AZURE_LOCATION" tokenKey=@- --output none
echo "Made a token key."
