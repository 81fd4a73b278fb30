// Ids of the built-in roles that the connector needs; the same in every tenant. Compared with Microsoft's list on
// 2026-11-24: MicrosoftDocs/azure-docs, articles/role-based-access-control/built-in-roles.md (dated 04/09/2026), and
// built-in-roles/monitor.md (dated 02/23/2026) for the last one.

@export()
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'

@export()
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

@export()
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

@export()
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'

@export()
var serviceBusDataReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'

@export()
var serviceBusDataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'

@export()
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

@export()
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

@export()
@description('Who gets a role; the type keeps Azure from failing on an identity that is seconds old.')
type roleHolder = {
  principalId: string
  principalType: 'ServicePrincipal' | 'Group'
}
