// The service on Azure: one resource group, one function app, and what it stands on.
//
// Plain resources, no registry modules. What a size means is in sizes.json; what the alerts watch and the workbook shows is
// loaded from monitoring/. The key that signs the tokens is never made here, or every deployment would end every token:
// hooks/token-key makes it once.
targetScope = 'resourceGroup'

@description('Part of the names, and the tag by which azd finds its resources.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Where everything stands; the group\'s own region unless told otherwise.')
param location string = resourceGroup().location

@description('A row of sizes.json. `python -m tools capacity` says what fits a load.')
@allowed(['small', 'large'])
param size string = 'small'

@description('Who is told when an alert fires; empty: nobody, the alerts are in the portal only.')
param alertEmail string = ''

@description('Object id of the person or group that manages users and features from a terminal; empty: nobody.')
param operatorId string = ''

@description('What operatorId is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorType string = 'User'

@description('owner/name of the GitHub repository whose workflow may publish; empty: none.')
param githubRepository string = ''

@description('The environment of that repository in which the workflow publishes.')
param githubEnvironment string = 'production'

@description('Where missing features come from; `table` is the features table.')
@allowed(['none', 'table'])
param featuresSource string = 'none'

@description('Whether tokens signed with the secret token-key-previous are still good: during a rotation.')
param acceptPreviousTokenKey bool = false

@description('More app settings, by name. A secret belongs in the vault: give the reference to it.')
param appSettings object = {}

var sizes = loadJsonContent('sizes.json')
var suffix = uniqueString(resourceGroup().id)
var tags = { 'azd-env-name': environmentName }

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${environmentName}-${suffix}'
  location: location
  tags: tags
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    location: location
    tags: tags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: 'st${suffix}'
    location: location
    tags: tags
    sku: sizes[size].storageSku
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: '${environmentName}-${suffix}'
    location: location
    tags: tags
    retentionDays: sizes[size].retentionDays
    dailyQuotaGb: sizes[size].dailyQuotaGb
  }
}

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    appPrincipalId: identity.properties.principalId
    operatorId: operatorId
    operatorType: operatorType
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    name: '${environmentName}-${suffix}'
    location: location
    tags: tags
    scale: sizes[size]
    identityName: identity.name
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    featuresSource: featuresSource
    acceptPreviousTokenKey: acceptPreviousTokenKey
    settings: appSettings
  }
  dependsOn: [access]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    insightsName: monitoring.outputs.insightsName
    email: alertEmail
  }
}

module audit 'modules/audit.bicep' = {
  name: 'audit'
  params: {
    workspaceId: monitoring.outputs.workspaceId
    appName: app.outputs.name
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
  }
}

module publisher 'modules/publisher.bicep' = if (!empty(githubRepository)) {
  name: 'publisher'
  params: {
    name: 'id-${environmentName}-publisher-${suffix}'
    location: location
    tags: tags
    repository: githubRepository
    environment: githubEnvironment
  }
}

output AZURE_FUNCTION_APP_NAME string = app.outputs.name
output AZURE_FUNCTION_APP_URL string = app.outputs.url
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output AZURE_PUBLISHER_CLIENT_ID string = publisher.?outputs.clientId ?? ''
output AZURE_PUBLISHER_TENANT_ID string = tenant().tenantId
output STORAGE_TABLE_URI string = storage.outputs.tableUri
