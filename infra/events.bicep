// The subscription of Event Grid to the intake. Deployed after the code, which answers the handshake.

@description('Function App.')
param functionAppName string

@description('Event Grid topic.')
param topicName string

@description('Application ID URI of the registration that protects the intake; empty: the function key alone.')
param eventsAudience string = ''

@description('Account of the events that could not be delivered.')
param deadLetterAccount string

@description('Container of the events that could not be delivered.')
param deadLetterContainer string = 'eventgrid-dead-letters'

@description('Host key that deliveries carry; another one while `default` is renewed.')
param functionKeyName string = 'default'

@description('Event types to deliver; empty: all that commercetools publishes.')
param eventTypes string[] = []

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: functionAppName

  // The service has the resource, the published types lack it.
  #disable-next-line BCP081
  resource host 'host' existing = {
    name: 'default'
  }
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: deadLetterAccount
}

var protection = empty(eventsAudience)
  ? {}
  : { azureActiveDirectoryTenantId: tenant().tenantId, azureActiveDirectoryApplicationIdOrUri: eventsAudience }

resource subscription 'Microsoft.EventGrid/topics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'intake'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: 'https://${app.properties.defaultHostName}/api/commercetools/events?code=${app::host.listKeys().functionKeys[functionKeyName]}'
        maxEventsPerBatch: 20
        preferredBatchSizeInKilobytes: 256
        minimumTlsVersionAllowed: '1.2'
        ...protection
      }
    }
    filter: empty(eventTypes) ? {} : { includedEventTypes: eventTypes }
    retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: account.id, blobContainerName: deadLetterContainer }
      }
    }
  }
}
