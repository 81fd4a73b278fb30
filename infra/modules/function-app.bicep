@export()
@description('How the application scales. Every function but the HTTP ones has instances of its own.')
type scaling = {
  @description('Memory of an instance, MB.')
  instanceMemoryMB: 512 | 2048 | 4096
  @description('Ceiling of instances.')
  @minValue(40)
  @maxValue(1000)
  maximumInstances: int
  @description('Requests that one instance works on at once; the default for Python would be 1.')
  @minValue(1)
  @maxValue(1000)
  httpConcurrency: int
  @description('Sessions (entities) that one instance works on at once, per function.')
  @minValue(1)
  @maxValue(64)
  maxConcurrentSessions: int
  @description('Messages without a session that one instance works on at once, per function.')
  @minValue(1)
  @maxValue(64)
  maxConcurrentCalls: int
  @description('Instances that never go away, by group: http, or function:NAME.')
  alwaysReady: { name: string, instanceCount: int }[]
}

@description('Region.')
param location string

@description('Suffix of the names.')
param name string

@description('Tags of every resource.')
param tags { *: string }

@description('User-assigned identity: its resource id.')
param identityId string

@description('Application settings.')
param settings { *: string }

@description('Blob container of the package, as a URL.')
param packageContainerUrl string

@description('Scaling.')
param scale scaling

@description('RollingUpdate drains running work for an hour and needs neighbouring versions to get along; Recreate stops it.')
@allowed(['RollingUpdate', 'Recreate'])
param updateStrategy string

@description('Subnet that outgoing calls leave through; empty: none.')
param subnetId string

@description('Log Analytics workspace of the diagnostic logs.')
param workspaceId string

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: 'func-${name}'
  location: location
  // azd finds the application of azure.yaml by this tag.
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: [for item in items(settings): { name: item.key, value: item.value }]
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: scale.instanceMemoryMB
        maximumInstanceCount: scale.maximumInstances
        alwaysReady: scale.alwaysReady
        triggers: { http: { perInstanceConcurrency: scale.httpConcurrency } }
      }
      // The service takes the property, the published type lacks it.
      #disable-next-line BCP037
      siteUpdateStrategy: { type: updateStrategy }
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output name string = app.name
output hostName string = app.properties.defaultHostName
