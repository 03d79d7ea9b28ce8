// The vault, and optionally a new key that signs the tokens.
//
// hooks/token-key deploys this file alone, with a key, if the vault has none; main.bicep deploys it without a key.

@description('The vault\'s name; by default the same for every deployment into a resource group.')
param name string = 'kv-${uniqueString(resourceGroup().id)}'

param location string = resourceGroup().location
param tags object = {}

@description('A new key; empty: the existing key stays.')
@secure()
param tokenKey string = ''

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: union(tags, { holds: 'token-key' })
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: 'Enabled'
  }

  resource key 'secrets' = if (!empty(tokenKey)) {
    name: 'token-key'
    properties: {
      value: tokenKey
      contentType: 'HS256 key of the service\'s bearer tokens'
    }
  }
}

output name string = vault.name
