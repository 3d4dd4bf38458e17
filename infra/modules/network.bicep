// The virtual network: the app's way out, and private endpoints. A new one, or subnets that are
// there. The way in stays public: the registry posts from outside any network of ours.

param name string
param location string
param tags object

@description('Resource ids of subnets that are there already. None: a new network with both.')
param existingSubnets { app: string, endpoints: string }?

param addressPrefix string

var isNew = existingSubnets == null

// Nothing has to come in to either subnet from outside the network; Azure's default rules say so,
// and a group of one's own is where an operator adds to them.
resource guard 'Microsoft.Network/networkSecurityGroups@2024-07-01' = if (isNew) {
  name: 'nsg-${name}'
  location: location
  tags: tags
  properties: { securityRules: [] }
}

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = if (isNew) {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          networkSecurityGroup: { id: guard.id }
          // What Flex Consumption asks of its subnet.
          delegations: [
            {
              name: 'flex-consumption'
              properties: { serviceName: 'Microsoft.App/environments' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          networkSecurityGroup: { id: guard.id }
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource endpoints 'subnets' existing = {
    name: 'endpoints'
  }
}

output appSubnetId string = existingSubnets.?app ?? network::app.id
output endpointSubnetId string = existingSubnets.?endpoints ?? network::endpoints.id
output networkId string = isNew ? network.id : split(existingSubnets!.app, '/subnets/')[0]
