// The identity of the repository's workflow. It logs in with GitHub's token, without a secret.

param name string
param location string
param tags object

@description('`repo:owner/name`, or with immutable subjects `repo:owner@1/name@2`: GitHub prints it.')
param subjectPrefix string

@description('The GitHub environment, whose reviewers approve a deployment.')
param environment string

var roles = loadJsonContent('../roles.json')

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags

  resource github 'federatedIdentityCredentials' = {
    name: 'github'
    properties: {
      issuer: 'https://token.actions.githubusercontent.com'
      subject: '${subjectPrefix}:environment:${environment}'
      audiences: ['api://AzureADTokenExchange']
    }
  }
}

// On the group, not on the app alone: func tools search for the app before they publish to it.
resource websites 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, identity.id, roles['Website Contributor'])
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles['Website Contributor'])
  }
}

output clientId string = identity.properties.clientId
