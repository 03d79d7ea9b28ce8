// Application Insights, and the workbook that shows its data.

@description('The end of every name.')
param name string
param location string
param tags object
param retentionDays int

@description('GB per day after which no more data are accepted until the next day; -1: no limit.')
param dailyQuotaGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyQuotaGb
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    // The service's exporter sends a connection string, not an Entra token. With it one can write telemetry, not read it.
    DisableLocalAuth: false
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'EGL ML'
    category: 'workbook'
    sourceId: insights.id
    serializedData: loadTextContent('../../monitoring/workbook.json')
  }
}

output insightsName string = insights.name
output workspaceId string = workspace.id
