// Storage and vault behind private endpoints, the scheduler as backend, two receivers with their
// secrets in a vault, evidence from a registry in another subscription, logs in the platform team's
// workspace, DNS zones in the hub, pages that people of the tenant sign in to.
using '../main.bicep'

var platform = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/platform/providers'
var zones = '${platform}/Microsoft.Network/privateDnsZones'

param name = 'acr-push'
param tags = { owner: 'platform', costCenter: '4711' }

param regions = ['westeurope', 'northeurope', 'eastus']
param settings = { ACR_GLOBAL_TIMEOUT: '15m', ACR_GLOBAL_EXCLUDE: '*:,*:sha256-*' }
param registryIds = [
  '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/registries/providers/Microsoft.ContainerRegistry/registries/contoso'
]
param evidence = ['event-log', 'manifest']

param targets = [
  {
    name: 'deploy'
    kind: 'webhook'
    url: 'https://deploy.example/hook'
    secrets: [{ '$secret': 'HOOK_SECRET' }]
  }
  { name: 'oncall', kind: 'slack', url: { '$secret': 'SLACK_URL' }, on: ['overdue', 'recovered'] }
]
param vaultReferences = { HOOK_SECRET: 'hook-secret', SLACK_URL: 'slack-url' }

param backend = 'scheduler'
param taskHubName = 'acrpush'

param usePrivateNetwork = true
param networkAddressPrefix = '10.60.0.0/24'
// In a hub and spoke these are the hub's; its owner links them to the network.
param dnsZoneIds = {
  blob: '${zones}/privatelink.blob.core.windows.net'
  vault: '${zones}/privatelink.vaultcore.azure.net'
}
param workspaceId = '${platform}/Microsoft.OperationalInsights/workspaces/central'

// The registry publishes no addresses that its webhooks come from; that they are Azure's is assumed.
param inbound = [{ name: 'azure', source: 'AzureCloud', kind: 'ServiceTag' }]
param signInClientId = '44444444-4444-4444-4444-444444444444'
param zoneRedundant = true
param alwaysReadyHttp = 2
param alwaysReadyDurable = 2
