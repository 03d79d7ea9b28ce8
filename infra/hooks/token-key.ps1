# token-key.sh for Windows: create the resource group, the vault in it, and the key that signs the tokens, unless it exists.
$ErrorActionPreference = 'Stop'
Set-Location (Split-Path $PSScriptRoot)

foreach ($name in 'AZURE_RESOURCE_GROUP', 'AZURE_LOCATION') {
    if (-not (Test-Path "env:$name")) { throw "$name is not set: azd env set $name ..." }
}
$group = $env:AZURE_RESOURCE_GROUP

# azd's subscription, which need not be that of `az`.
$subscription = @(if ($env:AZURE_SUBSCRIPTION_ID) { '--subscription', $env:AZURE_SUBSCRIPTION_ID })

function Assert-Success { if ($LASTEXITCODE) { exit $LASTEXITCODE } }

$exists = az group exists --name $group @subscription
Assert-Success
if ($exists -ne 'true') {
    az group create --name $group --location $env:AZURE_LOCATION --output none @subscription
    Assert-Success
}

$vault = az keyvault list --resource-group $group --query "[?tags.holds=='token-key'].id" --output tsv @subscription
Assert-Success
if ($vault) {
    # Azure Resource Manager lists a secret without its value, and needs no role on the vault.
    $ErrorActionPreference = 'Continue'
    $output = az rest --method get --url "$vault/secrets/token-key?api-version=2023-07-01" --query name --output tsv 2>&1
    $ErrorActionPreference = 'Stop'
    if ($LASTEXITCODE -eq 0) {
        Write-Output 'The token key exists and stays.'
        exit 0
    }
    if ("$output" -notmatch 'Not Found|NotFound') { throw "The vault cannot be searched for a token key: $output" }
}

$bytes = [byte[]]::new(48)
[Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($bytes)
$key = [Convert]::ToBase64String($bytes).Replace('+', '-').Replace('/', '_')
# Through standard input: other users can read a command line.
$key | az deployment group create --name token-key --resource-group $group `
    --template-file modules/vault.bicep --parameters "location=$($env:AZURE_LOCATION)" 'tokenKey=@-' --output none @subscription
Assert-Success
Write-Output 'Created a token key.'
