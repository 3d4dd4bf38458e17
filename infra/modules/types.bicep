// What the files share: the shapes of parameters, the roles by their ids, what evidence needs.

@export()
@description('Memory of an instance, in MB.')
type memory = 512 | 2048 | 4096

@export()
@description('Who may call the app: one rule of the access restrictions, in the order of the list.')
type inboundRule = {
  @description('Shown in the portal.')
  name: string

  @description('A range such as 203.0.113.0/24, or the name of a service tag such as AzureCloud.')
  source: string

  kind: 'IpAddress' | 'ServiceTag'
}

@export()
@description('A role that somebody has to assign: to this principal, at this one resource.')
type neededRole = {
  role: string
  principalId: string
  scope: string
}

@export()
@description('Built-in roles. Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles')
var roleIds = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  durableTaskDataContributor: '0ad04412-c4d5-4796-b79c-f76d14c8d402'
  keyVaultSecretsUser: '4633458b-17de-408a-874b-0445c86b69e6'
}

func part(id string, index int, param string) string =>
  split(id, '/')[?index] ?? fail('${param}: "${id}" is no resource id: /subscriptions/.../providers/...')

@export()
@description('The subscription of a resource, from its id; `param` is the parameter that holds it.')
func subscriptionOf(id string, param string) string => part(id, 2, param)

@export()
@description('The resource group of a resource, from its id; `param` is the parameter that holds it.')
func groupOf(id string, param string) string => part(id, 4, param)

@export()
type evidenceKind = 'event-log' | 'manifest'

// docs/evidence.md says what each kind asks.
var logActions = [
  'Microsoft.ContainerRegistry/registries/webhooks/read'
  'Microsoft.ContainerRegistry/registries/webhooks/listEvents/action'
]
var pullActions = ['Microsoft.ContainerRegistry/registries/pull/read']
var repositoryActions = [
  'Microsoft.ContainerRegistry/registries/repositories/content/read'
  'Microsoft.ContainerRegistry/registries/repositories/metadata/read'
]

@export()
@description('The actions on a registry that this evidence uses.')
func evidenceActions(evidence evidenceKind[], usesRepositoryPermissions bool) string[] =>
  concat(
    contains(evidence, 'event-log') ? logActions : [],
    contains(evidence, 'manifest') && !usesRepositoryPermissions ? pullActions : []
  )

@export()
@description('The same in a registry with repository permissions (ABAC), where pulling is a data action.')
func evidenceDataActions(evidence evidenceKind[], usesRepositoryPermissions bool) string[] =>
  contains(evidence, 'manifest') && usesRepositoryPermissions ? repositoryActions : []
