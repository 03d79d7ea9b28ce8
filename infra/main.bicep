// The service on Azure: one resource group with a function app and the resources that it needs.
//
// Plain resources, no registry modules. sizes.json defines the sizes; the alerts and the workbook are loaded from
// monitoring/. The key that signs the tokens is never created here, or every deployment would invalidate every token:
// hooks/token-key creates it once.
targetScope = 'resourceGroup'

@description('Part of the names, and the tag by which azd finds its resources.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('The region of all resources; by default that of the resource group.')
param location string = resourceGroup().location

@description('A row of sizes.json. `./egl capacity` computes the size for a load.')
@allowed(['small', 'large'])
param size string = 'small'

@description('E-mail address for alerts; empty: alerts are in the portal only.')
param alertEmail string = ''

@description('Requests from five regions find an outage within ten minutes, at a price: docs/deploy.md#what-it-costs')
param availabilityTest bool = true

@description('Address of the service where a proxy such as Front Door stands before it; empty: the app\'s own.')
param publicUrl string = ''

@description('Object id of the person or group that manages users and features from a terminal; empty: nobody.')
param operatorId string = ''

@description('The kind of operatorId.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorType string = 'User'

@description('The beginning of the subject in GitHub\'s tokens for the repository whose workflow may publish, as `repo:owner@1/name@2`; empty: none.')
param githubSubjectPrefix string = ''

@description('The environment of that repository in which the workflow publishes.')
param githubEnvironment string = 'production'

@description('The store of missing features; `table` is the features table.')
@allowed(['none', 'table'])
param featuresSource string = 'none'

@description('The manifest of a model to compare with the served one, such as model/challenger/slr.json; empty: none.')
param challengerManifest string = ''

@description('The share of the answered predictions that it scores too, from 0 to 1.')
param challengerShare string = '0'

@description('True during a key rotation: tokens signed with the secret token-key-previous are accepted.')
param acceptPreviousTokenKey bool = false

@description('Origins whose pages may call the API, with commas between them; empty: none. `*` stands for every origin.')
param allowedOrigins string = ''

@description('More app settings, by name. A secret belongs in the vault; set a reference to it.')
param appSettings object = {}

@description('Standard_ZRS copies the data to three zones, in every size: a deployment cannot convert an account. Standard_LRS is for regions without zones and for older accounts, and keeps the app in one zone too.')
@allowed(['Standard_ZRS', 'Standard_LRS'])
param storageSku string = 'Standard_ZRS'

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
    sku: storageSku
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
    // An app in several zones needs its storage there too.
    zoneRedundant: sizes[size].zoneRedundant && storageSku == 'Standard_ZRS'
    identityName: identity.name
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    featuresSource: featuresSource
    challengerManifest: challengerManifest
    challengerShare: challengerShare
    acceptPreviousTokenKey: acceptPreviousTokenKey
    allowedOrigins: empty(allowedOrigins) ? [] : map(split(allowedOrigins, ','), origin => trim(origin))
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

module availability 'modules/availability.bicep' = if (availabilityTest) {
  name: 'availability'
  params: {
    location: location
    tags: tags
    insightsName: monitoring.outputs.insightsName
    actionGroupId: alerts.outputs.actionGroupId
    url: empty(publicUrl) ? app.outputs.url : publicUrl
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

module publisher 'modules/publisher.bicep' = if (!empty(githubSubjectPrefix)) {
  name: 'publisher'
  params: {
    name: 'id-${environmentName}-publisher-${suffix}'
    location: location
    tags: tags
    subjectPrefix: githubSubjectPrefix
    environment: githubEnvironment
  }
}

output AZURE_FUNCTION_APP_NAME string = app.outputs.name
output AZURE_FUNCTION_APP_URL string = app.outputs.url
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output AZURE_PUBLISHER_CLIENT_ID string = publisher.?outputs.clientId ?? ''
output AZURE_PUBLISHER_TENANT_ID string = tenant().tenantId
output STORAGE_TABLE_URI string = storage.outputs.tableUri
