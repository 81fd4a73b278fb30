import { blobDataContributor } from 'roles.bicep'

@description('Region.')
param location string

@description('Topic name.')
@minLength(3)
@maxLength(50)
param name string

@description('Tags of every resource.')
param tags { *: string }

@description('Account and container of what could not be delivered.')
param deadLetters { account: string, container: string }

@description('Vault that takes the topic\'s access key, for the commercetools Subscription.')
param vaultName string

@description('Log Analytics workspace of the diagnostic logs.')
param workspaceId string

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    minimumTlsVersionAllowed: '1.2'
    // commercetools publishes from its own network with an access key: it offers no other way.
    disableLocalAuth: false
    publicNetworkAccess: 'Enabled'
  }
}

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: deadLetters.account

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource container 'containers' existing = {
      name: deadLetters.container
    }
  }
}

resource writesDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::container
  name: guid(account::blobs::container.id, topic.id, blobDataContributor)
  properties: {
    principalId: topic.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource key 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'event-grid-key'
  properties: {
    contentType: 'Access key of Event Grid topic ${name}, for the commercetools Subscription'
    value: topic.listKeys().key1
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = topic.id
output name string = topic.name
output endpoint string = topic.properties.endpoint
