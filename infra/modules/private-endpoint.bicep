// One private endpoint, and its DNS zone: a new one that is linked to the network, or one that is
// there.

param name string
param location string
param tags object
param subnetId string

@description('The resource that is reached, and which of its services: blob, queue, table, vault.')
param targetId string
param service 'blob' | 'queue' | 'table' | 'vault'

@description('Resource id of the private DNS zone that is there already. Empty: a new one.')
param existingZoneId string

@description('The network that the new zone is linked to.')
param networkId string

// Source: learn.microsoft.com/azure/private-link/private-endpoint-dns
var zoneName = service == 'vault'
  ? 'privatelink.vaultcore.azure.net'
  : 'privatelink.${service}.${environment().suffixes.storage}'
var isNew = empty(existingZoneId)

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = if (isNew) {
  name: zoneName
  location: 'global'
  tags: tags

  resource link 'virtualNetworkLinks' = {
    name: 'to-network'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: networkId }
    }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: service
        properties: { privateLinkServiceId: targetId, groupIds: [service] }
      }
    ]
  }

  resource zones 'privateDnsZoneGroups' = {
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: service
          properties: { privateDnsZoneId: isNew ? zone.id : existingZoneId }
        }
      ]
    }
  }
}
