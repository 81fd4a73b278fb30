import { roleHolder, monitoringMetricsPublisher } from 'roles.bicep'

@description('Region.')
param location string

@description('Suffix of the names.')
param name string

@description('Tags of every resource.')
param tags { *: string }

@description('How long logs are kept, days.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('The application; it sends telemetry.')
param app roleHolder

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
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
    // The connection string alone sends nothing: the sender needs the role below.
    DisableLocalAuth: true
  }
}

resource appPublishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, app.principalId, monitoringMetricsPublisher)
  properties: {
    principalId: app.principalId
    principalType: app.principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    category: 'workbook'
    displayName: 'commercetools and Dynamics 365: ${name}'
    serializedData: replace(loadTextContent('../workbook.json'), '__INSIGHTS_ID__', insights.id)
    sourceId: insights.id
  }
}

output workspaceId string = workspace.id
output insightsId string = insights.id
output insightsConnectionString string = insights.properties.ConnectionString
