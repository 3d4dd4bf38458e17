// What the app may ask one registry before an alarm, in the registry's own resource group: a custom
// role with the actions that its evidence uses, and no other. Webhooks are registered, pinged and
// looked at by whoever runs the commands, as themselves: the app's identity needs no right for it,
// and so cannot read the keys that webhooks hold.

import { evidenceActions, evidenceDataActions, evidenceKind } from 'types.bicep'

param registryName string
param evidence evidenceKind[]
param usesRepositoryPermissions bool

@description('Tells this deployment from others on the same registry: the function app\'s name.')
param deploymentName string

param principalId string

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: registryName
}

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(registry.id, deploymentName, 'evidence')
  properties: {
    roleName: 'acr-global evidence ${deploymentName} ${registryName}'
    description: 'What acr-global asks this registry before it raises an alarm.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: evidenceActions(evidence, usesRepositoryPermissions)
        notActions: []
        dataActions: evidenceDataActions(evidence, usesRepositoryPermissions)
        notDataActions: []
      }
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: registry
  name: guid(registry.id, principalId, deploymentName, 'evidence')
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.name)
  }
}
