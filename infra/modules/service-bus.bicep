import { roleHolder, serviceBusDataReceiver, serviceBusDataSender } from 'roles.bicep'

@description('One queue; the names and numbers are those of shared/messaging/queues.py.')
type queueShape = {
  name: string
  requiresSession: bool
  maxDeliveryCount: int
  @description('ISO 8601 duration.')
  lockDuration: string
  @description('The application sends to the queue, not only receives from it.')
  appSends: bool
}

@description('Region.')
param location string

@description('Namespace name.')
@minLength(6)
@maxLength(50)
param name string

@description('Tags of every resource.')
param tags { *: string }

@description('Sessions need Standard; private endpoints and predictable throughput need Premium.')
@allowed(['Standard', 'Premium'])
param tier string

@description('Messaging units, Premium only.')
@allowed([1, 2, 4, 8, 16])
param messagingUnits int

@description('Queues.')
param queues queueShape[]

@description('Queue that commercetools sends to with a Send-only key; empty: no keys at all.')
param directQueue string

@description('The application.')
param app roleHolder

@description('People who handle dead letters with the CLI.')
param operators roleHolder[]

@description('True where a private endpoint leads to the namespace: everything else is refused.')
param privateNetwork bool

@description('Log Analytics workspace of the diagnostic logs.')
param workspaceId string

var sendingQueues = filter(queues, item => item.appSends)
// Resubmitting receives from one queue's dead letters and sends to the same queue.
var operatorRoles = flatten(map(
  operators,
  operator =>
    flatten(map(queues, item => [
      { holder: operator, queue: item.name, roleId: serviceBusDataReceiver }
      { holder: operator, queue: item.name, roleId: serviceBusDataSender }
    ]))
))
var assignments = concat(
  map(queues, item => { holder: app, queue: item.name, roleId: serviceBusDataReceiver }),
  map(sendingQueues, item => { holder: app, queue: item.name, roleId: serviceBusDataSender }),
  operatorRoles
)

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: tier == 'Premium' ? { name: tier, tier: tier, capacity: messagingUnits } : { name: tier, tier: tier }
  properties: {
    disableLocalAuth: empty(directQueue)
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateNetwork && empty(directQueue) ? 'Disabled' : 'Enabled'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for item in queues: {
    parent: namespace
    name: item.name
    properties: {
      requiresSession: item.requiresSession
      maxDeliveryCount: item.maxDeliveryCount
      lockDuration: item.lockDuration
      // The portal resubmits under the same message id; a detection window would drop it.
      requiresDuplicateDetection: false
      deadLetteringOnMessageExpiration: true
      maxSizeInMegabytes: 5120
    }
  }
]

resource directSend 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2024-01-01' = if (!empty(directQueue)) {
  name: '${namespace.name}/${empty(directQueue) ? 'none' : directQueue}/commercetools-send'
  properties: { rights: ['Send'] }
  dependsOn: [queue]
}

resource queueScope 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for item in assignments: {
    parent: namespace
    name: item.queue
  }
]

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, index) in assignments: {
    scope: queueScope[index]
    name: guid(namespace.id, item.queue, item.holder.principalId, item.roleId)
    properties: {
      principalId: item.holder.principalId
      principalType: item.holder.principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', item.roleId)
    }
    dependsOn: [queue]
  }
]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = namespace.id
output name string = namespace.name
output hostName string = split(replace(namespace.properties.serviceBusEndpoint, 'https://', ''), ':')[0]
