// Everything that the connector needs in one resource group. The subscription of Event Grid to the intake follows in
// events.bicep, once the code is there to answer its handshake.
import {
  roleHolder
  blobDataOwner
  queueDataContributor
  tableDataContributor
} from 'modules/roles.bicep'
import { scaling } from 'modules/function-app.bicep'

@description('Short name of the product, part of every resource name.')
@minLength(3)
@maxLength(8)
param name string = 'ctd365'

@description('Environment, part of every resource name.')
@minLength(2)
@maxLength(8)
param environmentName string

@description('Name of the azd environment; empty outside azd.')
param azdEnvironment string = ''

@description('Region.')
param location string = resourceGroup().location

@description('Further tags of every resource.')
param extraTags { *: string } = {}

@description('Service Bus tier. Sessions need Standard; private endpoints and steady throughput need Premium.')
@allowed(['Standard', 'Premium'])
param serviceBusTier string = 'Standard'

@description('Messaging units, Premium only.')
@allowed([1, 2, 4, 8, 16])
param serviceBusMessagingUnits int = 1

@description('True: commercetools sends straight to the queue commercetools-events with a Send-only key.')
param directSubscription bool = false

@description('True: a virtual network, and private endpoints for storage, Key Vault and (Premium) Service Bus.')
param privateNetwork bool = false

@description('Address space of the virtual network.')
param addressPrefix string = '10.20.0.0/24'

@description('Replication of the storage accounts.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('How the application scales.')
param scale scaling = {
  instanceMemoryMB: 2048
  maximumInstances: 40
  httpConcurrency: 16
  maxConcurrentSessions: 8
  maxConcurrentCalls: 8
  alwaysReady: []
}

@description('How a new version takes over.')
@allowed(['RollingUpdate', 'Recreate'])
param updateStrategy string = 'RollingUpdate'

@description('Path of the market map inside the package.')
param marketMap string = 'infra/market-map.example.yaml'

@description('Values of the map\'s placeholders that are no secrets, by name.')
param marketSettings { *: string }

@description('Placeholders of the map that are secrets. The value of CT_CLIENT_SECRET is Key Vault\'s ct-client-secret.')
param marketSecrets string[] = ['CT_CLIENT_SECRET']

@description('How the map signs in to Dynamics. secret: BC_CLIENT_SECRET, certificate: BC_CERTIFICATE, both in Key Vault.')
@allowed(['federated', 'secret', 'certificate'])
param dynamicsSignIn string = 'federated'

@description('True: the map has events. DYNAMICS_EVENTS_URL is set; DYNAMICS_EVENTS_KEY and DYNAMICS_EVENTS_SECRET are in Key Vault.')
param dynamicsEvents bool = false

@description('How far the roll-out is: PILOT_MODE and OTHERS_MODE of the market map follow from it.')
@allowed(['off', 'shadow', 'one_market', 'all'])
param rolloutStage string = 'shadow'

@description('NCRONTAB schedules (UTC) of the timers, by setting; those that are left out are in defaultSchedules.')
param schedules { *: string } = {}

@description('Settings that have a default in the code, where another value is wanted.')
param optionalSettings { *: string } = {}

@description('Application ID URI of the registration that protects the intake; empty: the function key alone.')
param eventsAudience string = ''

// Published by Microsoft: MicrosoftDocs/azure-docs, articles/event-grid/scripts/powershell-webhook-secure-delivery-azure-ad-app.md;
// other clouds have another id.
@description('Application that may deliver: Event Grid\'s own id in the public cloud.')
param eventGridApplicationId string = '4962773b-9cdb-44cf-a8bf-237846a00ab7'

@description('Object id of the Entra group of the people who use the CLI; empty: nobody.')
param operatorsGroupId string = ''

@description('Who is told of alerts.')
param alertEmails string[] = []

@description('Hours in which work was accepted and none succeeded, before an alert.')
@allowed([1, 2, 3, 4, 5, 6, 24, 48])
param quietHours int = 2

@description('Waiting messages of one queue that count as a backlog.')
@minValue(1)
param backlogMessages int = 500

@description('How long logs are kept, days.')
@minValue(30)
@maxValue(730)
param retentionDays int = 30

var unique = uniqueString(resourceGroup().id, name, environmentName)
var plain = take(toLower(replace(name, '-', '')), 5)
var fullName = '${name}-${environmentName}-${unique}'
var tags = union(extraTags, empty(azdEnvironment) ? {} : { 'azd-env-name': azdEnvironment })

var queues = loadJsonContent('queues.json')
var tables = loadJsonContent('tables.json')
var packages = 'packages'
var eventDeadLetters = 'eventgrid-dead-letters'
var vaultName = 'kv-${plain}-${unique}'
var serviceBusPrivate = privateNetwork && serviceBusTier == 'Premium'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${fullName}'
  location: location
  tags: tags
}

var app roleHolder = { principalId: identity.properties.principalId, principalType: 'ServicePrincipal' }
var operators roleHolder[] = empty(operatorsGroupId) ? [] : [{ principalId: operatorsGroupId, principalType: 'Group' }]

module monitoring 'modules/monitoring.bicep' = {
  params: { location: location, name: fullName, tags: tags, retentionDays: retentionDays, app: app }
}

// Two accounts, so that the application's table role reaches its own tables and nothing of the host's.
module hostStorage 'modules/storage.bicep' = {
  name: 'host-storage'
  params: {
    location: location
    name: 'st${plain}h${unique}'
    tags: tags
    sku: storageSku
    containers: [packages, eventDeadLetters]
    tables: []
    assignments: [
      { holder: app, roleId: blobDataOwner }
      { holder: app, roleId: queueDataContributor }
    ]
    privateNetwork: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module stateStorage 'modules/storage.bicep' = {
  name: 'state-storage'
  params: {
    location: location
    name: 'st${plain}s${unique}'
    tags: tags
    sku: storageSku
    containers: []
    tables: tables
    assignments: map(concat([app], operators), holder => { holder: holder, roleId: tableDataContributor })
    privateNetwork: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module serviceBus 'modules/service-bus.bicep' = {
  params: {
    location: location
    name: 'sb-${fullName}'
    tags: tags
    tier: serviceBusTier
    messagingUnits: serviceBusMessagingUnits
    queues: queues
    directQueue: directSubscription ? 'commercetools-events' : ''
    app: app
    operators: operators
    privateNetwork: serviceBusPrivate
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/key-vault.bicep' = {
  params: {
    location: location
    name: vaultName
    tags: tags
    readers: concat([app], operators)
    privateNetwork: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module eventGrid 'modules/event-grid.bicep' = {
  params: {
    location: location
    name: 'evgt-${fullName}'
    tags: tags
    deadLetters: { account: hostStorage.outputs.name, container: eventDeadLetters }
    vaultName: vault.outputs.name
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  params: {
    location: location
    name: fullName
    tags: tags
    addressPrefix: addressPrefix
    targets: concat(
      [
        {
          name: 'host-blob'
          id: hostStorage.outputs.id
          groupId: 'blob'
          zone: 'privatelink.blob.${environment().suffixes.storage}'
        }
        {
          name: 'host-queue'
          id: hostStorage.outputs.id
          groupId: 'queue'
          zone: 'privatelink.queue.${environment().suffixes.storage}'
        }
        {
          name: 'state-table'
          id: stateStorage.outputs.id
          groupId: 'table'
          zone: 'privatelink.table.${environment().suffixes.storage}'
        }
        { name: 'vault', id: vault.outputs.id, groupId: 'vault', zone: 'privatelink.vaultcore.azure.net' }
      ],
      serviceBusPrivate
        ? [
            {
              name: 'service-bus'
              id: serviceBus.outputs.id
              groupId: 'namespace'
              zone: 'privatelink.servicebus.windows.net'
            }
          ]
        : []
    )
  }
}

var identityConnections = {
  AzureWebJobsStorage__accountName: hostStorage.outputs.name
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  ServiceBus__fullyQualifiedNamespace: serviceBus.outputs.hostName
  ServiceBus__credential: 'managedidentity'
  ServiceBus__clientId: identity.properties.clientId
  AZURE_CLIENT_ID: identity.properties.clientId
  TABLES_ENDPOINT: stateStorage.outputs.tableEndpoint
  APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
}
var hostSettings = {
  AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentSessions: string(scale.maxConcurrentSessions)
  AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls: string(scale.maxConcurrentCalls)
}
var intakeSettings = empty(eventsAudience)
  ? {}
  : {
      EVENTS_ENTRA_TENANT: tenant().tenantId
      EVENTS_ENTRA_AUDIENCE: eventsAudience
      EVENTS_ENTRA_CLIENTS: eventGridApplicationId
    }
var modeSettings = {
  MARKET_MAP: marketMap
  PILOT_MODE: rolloutStage == 'off' ? 'off' : rolloutStage == 'shadow' ? 'shadow' : 'on'
  OTHERS_MODE: rolloutStage == 'off' ? 'off' : rolloutStage == 'all' ? 'on' : 'shadow'
}
// Where the back-ends tell what has changed, and what they show.
var eventSettings = dynamicsEvents
  ? { DYNAMICS_EVENTS_URL: 'https://func-${fullName}.azurewebsites.net/api/dynamics' }
  : {}
var eventSecrets = dynamicsEvents ? ['DYNAMICS_EVENTS_KEY', 'DYNAMICS_EVENTS_SECRET'] : []
var signInSecrets = {
  federated: []
  secret: ['BC_CLIENT_SECRET']
  // The secret of a Key Vault certificate is the PKCS#12 file in base64, private key included.
  certificate: ['BC_CERTIFICATE']
}
// A timer whose setting is missing keeps the host from starting: every one has a default, whatever `schedules` names.
var defaultSchedules = {
  ORDERS_SWEEP_SCHEDULE: '0 */5 * * * *'
  RETENTION_SCHEDULE: '0 0 3 * * *'
  CUSTOMERS_SWEEP_SCHEDULE: '0 */10 * * * *'
  CUSTOMERS_PULL_SCHEDULE: '0 */2 * * * *'
  SUBSCRIPTIONS_SCHEDULE: '0 15 */12 * * *'
  PRODUCTS_PULL_SCHEDULE: '30 */5 * * * *'
  PRICES_PULL_SCHEDULE: '45 */5 * * * *'
  INVENTORY_PULL_SCHEDULE: '0 */1 * * * *'
  CATALOGUE_FULL_SCHEDULE: '0 30 2 * * *'
}
var secretSettings = toObject(
  union(marketSecrets, signInSecrets[dynamicsSignIn], eventSecrets),
  item => item,
  item => '@Microsoft.KeyVault(VaultName=${vaultName};SecretName=${toLower(replace(item, '_', '-'))})'
)

module functionApp 'modules/function-app.bicep' = {
  params: {
    location: location
    name: fullName
    tags: tags
    identityId: identity.id
    settings: union(
      optionalSettings,
      identityConnections,
      hostSettings,
      intakeSettings,
      modeSettings,
      eventSettings,
      marketSettings,
      secretSettings,
      defaultSchedules,
      schedules
    )
    packageContainerUrl: '${hostStorage.outputs.blobEndpoint}${packages}'
    scale: scale
    updateStrategy: updateStrategy
    subnetId: network.?outputs.functionsSubnetId ?? ''
    workspaceId: monitoring.outputs.workspaceId
  }
  // The host reads Key Vault references when it starts.
  dependsOn: [eventGrid]
}

module alerts 'modules/alerts.bicep' = {
  params: {
    location: location
    name: fullName
    tags: tags
    emails: alertEmails
    insightsId: monitoring.outputs.insightsId
    serviceBusId: serviceBus.outputs.id
    topicId: eventGrid.outputs.id
    quietHours: quietHours
    backlogMessages: backlogMessages
  }
}

@description('Name of the Function App.')
output AZURE_FUNCTION_NAME string = functionApp.outputs.name

@description('Host name of the Function App.')
output FUNCTION_HOST_NAME string = functionApp.outputs.hostName

@description('Event Grid topic: what events.bicep subscribes and commercetools publishes to.')
output EVENT_GRID_TOPIC string = eventGrid.outputs.name

@description('Address for the commercetools Subscription.')
output EVENT_GRID_ENDPOINT string = eventGrid.outputs.endpoint

@description('Storage account of undelivered events, for events.bicep.')
output DEAD_LETTER_ACCOUNT string = hostStorage.outputs.name

@description('Key Vault that waits for the values of marketSecrets.')
output KEY_VAULT_NAME string = vault.outputs.name

@description('Address of the vault.')
output KEY_VAULT_URI string = vault.outputs.uri

@description('Object id of the identity: the subject of the federated credential in Entra.')
output IDENTITY_PRINCIPAL_ID string = identity.properties.principalId

@description('Client id of the identity.')
output IDENTITY_CLIENT_ID string = identity.properties.clientId

@description('For the CLI: setting ServiceBus__fullyQualifiedNamespace.')
output SERVICE_BUS_HOST_NAME string = serviceBus.outputs.hostName

@description('For the CLI: setting TABLES_ENDPOINT.')
output TABLES_ENDPOINT string = stateStorage.outputs.tableEndpoint
