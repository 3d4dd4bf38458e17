// Durable Task Scheduler as the backend: a scheduler, one task hub, and the app's right to it.

import { neededRole, roleIds } from 'types.bicep'

param name string
param taskHubName string
param location string
param tags object
param principalId string
param assignRoles bool

@description('Dedicated has its throughput by capacity units; Consumption is paid by the action.')
param sku 'Consumption' | 'Dedicated'

@description('Who may call the scheduler, as address ranges.')
param ipAllowlist string[]

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: sku == 'Dedicated' ? { name: sku, capacity: 1 } : { name: sku }
    ipAllowlist: ipAllowlist
  }

  resource hub 'taskHubs' = {
    name: taskHubName
  }
}

resource contributor 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (assignRoles) {
  scope: scheduler::hub
  name: guid(scheduler::hub.id, principalId, roleIds.durableTaskDataContributor)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.durableTaskDataContributor
    )
  }
}

output endpoint string = scheduler.properties.endpoint
output dashboardUrl string = scheduler::hub.properties.dashboardUrl
output roles neededRole[] = [
  { role: 'Durable Task Data Contributor', principalId: principalId, scope: scheduler::hub.id }
]
