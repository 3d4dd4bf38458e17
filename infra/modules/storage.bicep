// The storage account: the published package, the host's own state, the list of pushes, and, where the
// backend is storage, the task hub. It knows no shared key.

import { neededRole, roleIds } from 'types.bicep'

param name string
param location string
param tags object
param workspaceId string
param principalId string
param assignRoles bool

@description('Whether the task hub is here: then the app needs its queues too.')
param holdsTaskHub bool

@description('Whether it is reached through private endpoints alone.')
param isPrivate bool

@description('Standard_ZRS survives the loss of a zone; some regions have Standard_LRS only.')
param sku 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GZRS'

var containerName = 'app-package'

// The host keeps its leases and keys in blobs, and makes containers: Owner, as its documentation asks
// (learn.microsoft.com/azure/azure-functions/functions-reference, Connecting to host storage with an
// identity). The app lists pushes in a table, and the task hub on storage lives in queues and tables.
var hostRoles = [
  { name: 'Storage Blob Data Owner', id: roleIds.storageBlobDataOwner }
  { name: 'Storage Table Data Contributor', id: roleIds.storageTableDataContributor }
]
var hubRoles = [{ name: 'Storage Queue Data Contributor', id: roleIds.storageQueueDataContributor }]
var wanted = holdsTaskHub ? concat(hostRoles, hubRoles) : hostRoles

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource package 'containers' = {
      name: containerName
      properties: { publicAccess: 'None' }
    }
  }
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in wanted: if (assignRoles) {
    scope: account
    name: guid(account.id, principalId, role.id)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.id)
    }
  }
]

// Metrics only: a line for each request would be a line for each look into a queue, which is what a
// task hub does all day.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: account
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output name string = account.name
output id string = account.id
output packageUrl string = '${account.properties.primaryEndpoints.blob}${containerName}'
output roles neededRole[] = [for role in wanted: { role: role.name, principalId: principalId, scope: account.id }]
