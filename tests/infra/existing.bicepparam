// For the tests: everything that can be there already is, in groups of its own; names by another's
// convention; nobody may assign roles; two registries, with repository permissions; their own ways
// to look at it.
using '../../infra/main.bicep'

var elsewhere = '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/shared/providers'
var registries = '${elsewhere}/Microsoft.ContainerRegistry/registries'
var subnets = '${elsewhere}/Microsoft.Network/virtualNetworks/hub/subnets'

param names = {
  functionApp: 'our-app'
  plan: 'our-plan'
  storage: 'ourstorage'
  identity: 'our-identity'
  insights: 'our-insights'
}
param regions = []
param settings = { ACR_GLOBAL_REGISTRIES: '{"one.azurecr.io": {"regions": "westeurope"}}' }
param registryIds = ['${registries}/one', '${registries}/two']
param evidence = ['manifest']
param registryUsesRepositoryPermissions = true
param vaultReferences = { HOOK_SECRET: 'hook-secret' }
param vaultId = '${elsewhere}/Microsoft.KeyVault/vaults/shared-vault'
param workspaceId = '${elsewhere}/Microsoft.OperationalInsights/workspaces/central'
param usePrivateNetwork = true
param existingSubnets = { app: '${subnets}/app', endpoints: '${subnets}/endpoints' }
param assignRoles = false
param workbook = false
param alerts = false
param openTelemetry = true
