// What is looked at: a workbook, and five alerts. All read the app's log lines in the workspace,
// which are there without any exporter: docs/telemetry.md.

param name string
param location string
param tags object
param workspaceId string
param insightsId string

@description('Make the workbook.')
param workbook bool

@description('Make the alerts.')
param alerts bool

@description('Action groups, by resource id.')
param actionGroupIds string[]

@description('How long no webhook may come.')
param silentAfter 'PT6H' | 'P1D' | 'P2D'

// Others may write to the same workspace.
func ofThisApp(query string, insightsId string) string =>
  replace(query, '\nAppTraces\n', '\nAppTraces\n| where _ResourceId =~ "${insightsId}"\n')

var rules = [
  {
    name: 'dead-letters'
    title: 'acr-global: given up'
    about: 'A target did not get a message, or a push was given up. The rows say which; acr-global deadletters lists and replays them. What to do: docs/alarms.md, Given up.'
    query: loadTextContent('../queries/dead-letters.kql')
    severity: 1
    every: 'PT15M'
    within: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    inARow: 1
  }
  {
    name: 'overdue'
    title: 'acr-global: overdue'
    about: 'A push is missing in a region. The rows name it; acr-global pushes show says more. What to do: docs/alarms.md, Overdue.'
    query: loadTextContent('../queries/overdue.kql')
    severity: 2
    every: 'PT15M'
    within: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    inARow: 1
  }
  {
    name: 'errors'
    title: 'acr-global: errors'
    about: 'The app could not keep a webhook, has a wrong setting, or the like. The rows say what is to be done. More: docs/alarms.md, Errors.'
    query: loadTextContent('../queries/errors.kql')
    severity: 1
    every: 'PT15M'
    within: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    inARow: 1
  }
  {
    name: 'webhooks-silent'
    title: 'acr-global: no webhooks'
    about: 'No webhook has come for a long time. Nobody has pushed, or the app, its key or the webhooks are gone: acr-global doctor looks. What to do: docs/alarms.md, No webhooks.'
    query: loadTextContent('../queries/silent.kql')
    severity: 2
    every: 'PT1H'
    within: silentAfter
    operator: 'LessThan'
    threshold: 1
    inARow: 1
  }
  {
    name: 'no-timers'
    title: 'acr-global: no timers'
    about: 'The timer functions stand still, so what breaks off does not go on. Restart the app; acr-global doctor looks at its functions. What to do: docs/alarms.md, No timers.'
    query: loadTextContent('../queries/timers.kql')
    severity: 2
    every: 'PT15M'
    within: 'PT30M'
    operator: 'LessThan'
    threshold: 1
    // Twice, for the app is published some time after this is made.
    inARow: 2
  }
]

var charts = [
  { title: 'Webhooks by answer', query: loadTextContent('../queries/webhooks.kql'), shape: 'barchart' }
  { title: 'Verdicts', query: loadTextContent('../queries/verdicts.kql'), shape: 'barchart' }
  { title: 'Lag by region, in seconds', query: loadTextContent('../queries/lag.kql'), shape: 'table' }
  { title: 'Regions that alarms have named', query: loadTextContent('../queries/missing.kql'), shape: 'table' }
  { title: 'Targets, in seconds since the verdict', query: loadTextContent('../queries/attempts.kql'), shape: 'table' }
  { title: 'Given up', query: loadTextContent('../queries/dead-letters.kql'), shape: 'table' }
  { title: 'To be looked at', query: loadTextContent('../queries/problems.kql'), shape: 'table' }
]

resource alert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: if (alerts) {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.about
      enabled: true
      severity: rule.severity
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.within
      criteria: {
        allOf: [
          {
            query: ofThisApp(rule.query, insightsId)
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: rule.inARow, minFailingPeriodsToAlert: rule.inARow }
          }
        ]
      }
      autoMitigate: true
      // A new workspace knows its tables when the first line has come.
      skipQueryValidation: true
      actions: { actionGroups: actionGroupIds }
    }
  }
]

// The parts of a workbook, as its editor in the portal saves them: 9 a parameter, 3 a query.
var period = {
  type: 9
  name: 'period'
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        id: guid('period')
        version: 'KqlParameterItem/1.0'
        name: 'Period'
        type: 4
        isRequired: true
        value: { durationMs: 86400000 }
        typeSettings: {
          selectableValues: [
            { durationMs: 3600000 }
            { durationMs: 86400000 }
            { durationMs: 604800000 }
            { durationMs: 2592000000 }
          ]
        }
      }
    ]
    style: 'pills'
  }
}
var parts = map(charts, chart => {
  type: 3
  name: chart.title
  content: {
    version: 'KqlItem/1.0'
    title: chart.title
    query: ofThisApp(chart.query, insightsId)
    size: 0
    timeContextFromParameter: 'Period'
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    crossComponentResources: [workspaceId]
    visualization: chart.shape
  }
})

resource pushes 'Microsoft.Insights/workbooks@2023-06-01' = if (workbook) {
  name: guid(resourceGroup().id, name, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: '${name}: pushes, regions, targets'
    category: 'workbook'
    sourceId: insightsId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([period], parts)
      fallbackResourceIds: [workspaceId]
    })
  }
}
