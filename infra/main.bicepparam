// Your deployment. What is not said here has its default in main.bicep; azd and the shell can say
// some of it by environment variables.
using 'main.bicep'

// Such as westeurope,northeurope; or write them here: ['westeurope', 'northeurope']. They have no
// default: with too few, a push would be complete too early.
var regionList = readEnvironmentVariable('ACR_GLOBAL_REGIONS', '')
param regions = empty(regionList) ? [] : split(regionList, ',')

// One registry, by its resource id. Without one nothing is asked before an alarm.
var registryId = readEnvironmentVariable('ACR_GLOBAL_REGISTRY_ID', '')
param registryIds = empty(registryId) ? [] : [registryId]

// Who is told, for example:
//   { name: 'deploy', kind: 'webhook', url: 'https://deploy.example/hook', secrets: [{ '$secret': 'HOOK_SECRET' }] }
// with the secret in the vault, under the name that stands on the right:
//   param vaultReferences = { HOOK_SECRET: 'hook-secret' }
param targets = []

param tags = { 'azd-env-name': readEnvironmentVariable('AZURE_ENV_NAME', 'acr-global') }
