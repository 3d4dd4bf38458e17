// Application Insights that takes telemetry from our identity alone, on a workspace: a new one, or
// the one that is there.

import { neededRole, roleIds } from 'types.bicep'

param name string
param workspaceName string
param location string
param tags object

@description('Resource id of a Log Analytics workspace that is there already. Empty: a new one.')
param existingWorkspaceId string

@description('Days that the new workspace keeps what it is sent.')
param retentionInDays int

param principalId string
param assignRoles bool

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = if (empty(existingWorkspaceId)) {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionInDays
    features: { disableLocalAuth: true }
  }
}

var usedWorkspaceId = empty(existingWorkspaceId) ? workspace.id : existingWorkspaceId

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: usedWorkspaceId
    DisableLocalAuth: true
  }
}

resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (assignRoles) {
  scope: insights
  name: guid(insights.id, principalId, roleIds.monitoringMetricsPublisher)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roleIds.monitoringMetricsPublisher
    )
  }
}

output workspaceId string = usedWorkspaceId
output connectionString string = insights.properties.ConnectionString
output roles neededRole[] = [
  { role: 'Monitoring Metrics Publisher', principalId: principalId, scope: insights.id }
]
