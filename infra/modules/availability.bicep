// The availability test: requests from five regions, and the alert when three of them find that the service does not serve.
// It is the only alert that needs no traffic of callers.

param location string
param tags object
param insightsName string
param actionGroupId string

@description('Address of the service, as its callers reach it, without a slash at the end.')
param url string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// Application Insights shows the test and the alert under the component that this tag names.
var linked = union(tags, { 'hidden-link:${insights.id}': 'Resource' })

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'available-${insightsName}'
  location: location
  tags: linked
  kind: 'standard'
  properties: {
    Kind: 'standard'
    Name: 'Service is ready'
    SyntheticMonitorId: 'available-${insightsName}'
    Enabled: true
    // Seconds between two requests of a region, and the limit of one. With the three tries of a request and the alert's
    // minute, an outage is found in less than ten minutes.
    Frequency: 300
    Timeout: 30
    RetryEnabled: true
    Locations: [
      { Id: 'us-va-ash-azr' }
      { Id: 'us-ca-sjc-azr' }
      { Id: 'emea-nl-ams-azr' }
      { Id: 'emea-gb-db3-azr' }
      { Id: 'apac-sg-sin-azr' }
    ]
    Request: {
      RequestUrl: '${url}/health/ready'
      HttpVerb: 'GET'
      FollowRedirects: false
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      IgnoreHttpStatusCode: false
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'alert-unavailable'
  location: 'global'
  tags: linked
  properties: {
    description: 'Meaning and first steps: docs/operate.md#the-service-is-down'
    enabled: true
    severity: 0
    scopes: [test.id, insights.id]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: insights.id
      // Fewer are a fault of the network between.
      failedLocationCount: 3
    }
    actions: [
      {
        actionGroupId: actionGroupId
      }
    ]
  }
}
