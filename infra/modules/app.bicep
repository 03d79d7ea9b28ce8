// The function app, on Flex Consumption, with all its app settings.

@description('The end of every name.')
param name string
param location string
param tags object

@description('A row of sizes.json.')
param scale object
param zoneRedundant bool
param identityName string
param storageName string
param vaultName string
param insightsName string
param featuresSource string
param challengerManifest string
param challengerShare string
param acceptPreviousTokenKey bool

@description('Origins whose pages may call the API, such as https://app.example.')
param allowedOrigins array

@description('More app settings, by name.')
param settings object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${name}'
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    // Without it a reference to the vault resolves on a system-assigned identity, and there is none.
    keyVaultReferenceIdentity: identity.id
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}packages'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: scale.instanceMemoryMB
        maximumInstanceCount: scale.maximumInstanceCount
        alwaysReady: scale.alwaysReady == 0
          ? []
          : [
              {
                name: 'http'
                instanceCount: scale.alwaysReady
              }
            ]
        triggers: {
          http: {
            // The default for Python is one request at a time.
            perInstanceConcurrency: scale.perInstanceConcurrency
          }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      // The platform responds to preflights. No cookies: callers send a bearer token.
      cors: {
        allowedOrigins: allowedOrigins
        supportCredentials: false
      }
    }
  }

  // Publishing is by Entra tokens only.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      {
        AzureWebJobsStorage__accountName: account.name
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identity.properties.clientId
        AzureWebJobsDisableHomepage: 'true'
        APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
        TOKEN_KEY: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=token-key)'
        USERS_TABLE: 'users'
        STORAGE_TABLE_URI: account.properties.primaryEndpoints.table
        STORAGE_CLIENT_ID: identity.properties.clientId
        FEATURES_SOURCE: featuresSource
        FEATURES_TABLE: 'features'
      },
      empty(challengerManifest)
        ? {}
        : { CHALLENGER_MANIFEST: challengerManifest, CHALLENGER_SHARE: challengerShare },
      acceptPreviousTokenKey
        ? { TOKEN_KEY_PREVIOUS: '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=token-key-previous)' }
        : {},
      settings
    )
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
