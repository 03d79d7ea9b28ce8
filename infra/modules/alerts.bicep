// The alert rules of monitoring/alerts, and their receiver. Thresholds, windows and severities are in those files.

param location string
param tags object
param insightsName string

@description('E-mail address; empty: no receiver.')
param email string

var files = [
  { name: 'challenger-failures', text: loadTextContent('../../monitoring/alerts/challenger-failures.kql') }
  { name: 'feature-errors', text: loadTextContent('../../monitoring/alerts/feature-errors.kql') }
  { name: 'login-failures', text: loadTextContent('../../monitoring/alerts/login-failures.kql') }
  { name: 'lost-telemetry', text: loadTextContent('../../monitoring/alerts/lost-telemetry.kql') }
  { name: 'model-failures', text: loadTextContent('../../monitoring/alerts/model-failures.kql') }
  { name: 'no-success', text: loadTextContent('../../monitoring/alerts/no-success.kql') }
  { name: 'slow-predictions', text: loadTextContent('../../monitoring/alerts/slow-predictions.kql') }
]

// The header of each file, in lines of `// name: value`.
var rules = map(files, file => {
  name: file.name
  text: trim(file.text)
  header: toObject(
    ['title', 'window', 'threshold', 'minimum', 'severity', 'runbook'],
    name => name,
    name => split(split(file.text, '/ ${name}: ')[1], '\n')[0]
  )
})

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${insightsName}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'egl-ml'
    emailReceivers: empty(email)
      ? []
      : [
          {
            name: 'operators'
            emailAddress: email
            useCommonAlertSchema: true
          }
        ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.header.title
      description: 'Meaning and first steps: ${rule.header.runbook}'
      enabled: true
      severity: int(rule.header.severity)
      scopes: [insights.id]
      evaluationFrequency: 'PT5M'
      windowSize: rule.header.window
      autoMitigate: true
      // The first deployment finds an empty workspace, whose tables lack columns that the queries name.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            // Too few samples prove nothing.
            query: '${rule.text}\n| where samples >= ${rule.header.minimum}'
            metricMeasureColumn: 'value'
            timeAggregation: 'Maximum'
            operator: 'GreaterThanOrEqual'
            // Bicep has no fractions; json() makes the number.
            threshold: json(rule.header.threshold)
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [people.id]
      }
    }
  }
]

output actionGroupId string = people.id
