@description('Region of the query rules.')
param location string

@description('Suffix of the names.')
param name string

@description('Tags of every resource.')
param tags { *: string }

@description('Who is told.')
param emails string[]

@description('Application Insights component.')
param insightsId string

@description('Service Bus namespace.')
param serviceBusId string

@description('Event Grid topic.')
param topicId string

@description('Hours in which work was accepted and none succeeded.')
@allowed([1, 2, 3, 4, 5, 6, 24, 48])
param quietHours int

@description('Waiting messages of one queue that count as a backlog.')
@minValue(1)
param backlogMessages int

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  // Action groups live outside the regions.
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'ctd365'
    emailReceivers: [
      for (email, index) in emails: {
        name: 'email-${index}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

type metricShape = {
  name: string
  description: string
  scope: string
  namespace: string
  metric: string
  aggregation: 'Maximum' | 'Average' | 'Total'
  threshold: int
  @description('Dimension that makes each queue an alert of its own; empty: none.')
  split: string
  severity: int
  window: 'PT5M' | 'PT15M'
}

var metrics metricShape[] = [
  {
    name: 'dead-letters'
    description: 'A message cannot proceed. See: ctd365 dead-letters list'
    scope: serviceBusId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'DeadletteredMessages'
    aggregation: 'Maximum'
    threshold: 0
    split: 'EntityName'
    severity: 2
    window: 'PT5M'
  }
  {
    name: 'backlog'
    description: 'A queue fills faster than it is worked off. See docs/operations.md'
    scope: serviceBusId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'ActiveMessages'
    aggregation: 'Average'
    threshold: backlogMessages
    split: 'EntityName'
    severity: 2
    window: 'PT15M'
  }
  {
    name: 'undelivered-events'
    description: 'Event Grid gave up on events; they are in the container eventgrid-dead-letters. The sweep finds the orders.'
    scope: topicId
    namespace: 'Microsoft.EventGrid/topics'
    metric: 'DeadLetteredCount'
    aggregation: 'Total'
    threshold: 0
    split: ''
    severity: 2
    window: 'PT15M'
  }
]

resource metricAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for item in metrics: {
    name: 'alert-${item.name}-${name}'
    location: 'global'
    tags: tags
    properties: {
      description: item.description
      enabled: true
      severity: item.severity
      scopes: [item.scope]
      evaluationFrequency: 'PT5M'
      windowSize: item.window
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: item.name
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: item.namespace
            metricName: item.metric
            timeAggregation: item.aggregation
            operator: 'GreaterThan'
            threshold: item.threshold
            dimensions: empty(item.split) ? [] : [{ name: item.split, operator: 'Include', values: ['*'] }]
          }
        ]
      }
      actions: [{ actionGroupId: group.id }]
    }
  }
]

type queryShape = {
  name: string
  description: string
  query: string
  column: string
  split: string
  severity: int
  frequency: 'PT5M' | 'PT1H'
  window: string
}

var day = 24
var quietWindow = quietHours < day ? 'PT${quietHours}H' : 'P${quietHours / day}D'
var queries queryShape[] = [
  {
    name: 'function-failures'
    description: 'A function failed. See the failed requests in Application Insights.'
    query: loadTextContent('../queries/function-failures.kql')
    column: 'failures'
    split: 'function'
    severity: 2
    frequency: 'PT5M'
    window: 'PT5M'
  }
  {
    name: 'no-success'
    description: 'Work was accepted for ${quietHours} h and none succeeded. Check the back-end with: ctd365 dead-letters list'
    query: loadTextContent('../queries/no-success.kql')
    column: 'stalled'
    split: 'flow'
    severity: 1
    frequency: 'PT1H'
    window: quietWindow
  }
]

resource queryAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for item in queries: {
    name: 'alert-${item.name}-${name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${item.name} (${name})'
      description: item.description
      enabled: true
      severity: item.severity
      scopes: [insightsId]
      evaluationFrequency: item.frequency
      windowSize: item.window
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: item.query
            metricMeasureColumn: item.column
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: [{ name: item.split, operator: 'Include', values: ['*'] }]
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [group.id] }
    }
  }
]

output actionGroupId string = group.id
