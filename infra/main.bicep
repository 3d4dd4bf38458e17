// acr-global in one resource group: what is made, and how the parts are wired.
// docs/deploying.md goes through it step by step.

import {
  evidenceActions
  evidenceDataActions
  evidenceKind
  groupOf
  inboundRule
  memory
  neededRole
  subscriptionOf
} from 'modules/types.bicep'

@description('Begins the name of every resource that `names` does not name: letters, digits and hyphens.')
@minLength(3)
@maxLength(20)
param name string = 'acr-global'

@description('Names of your own for some or all of the resources, where yours have a convention.')
param names {
  functionApp: string?
  plan: string?
  storage: string?
  identity: string?
  insights: string?
  workspace: string?
  vault: string?
  scheduler: string?
  network: string?
} = {}

@description('Where everything is made. The registry may be anywhere.')
param location string = resourceGroup().location

@description('On every resource.')
param tags object = {}

@description('The regions that must report each push. Empty only where `settings` says each registry\'s own.')
param regions string[]

@description('Who is told: docs/channels.md. A secret stands as {"$secret": "NAME"}, never in clear.')
param targets object[] = []

@description('More settings by name, ACR_GLOBAL_ and all: docs/settings.md.')
param settings object = {}

@description('Settings whose value is a secret of the vault: name of the setting to name of the secret.')
param vaultReferences object = {}

@description('The registries that are asked before an alarm, and for webhooks they could not deliver: ARM resource ids, in any group or subscription.')
param registryIds string[] = []

@description('What they are asked before an alarm. Nothing unless a registry is named. Catching up needs the rights of `event-log`.')
param evidence evidenceKind[] = ['event-log']

@description('The registries work with repository permissions (ABAC).')
param registryUsesRepositoryPermissions bool = false

@description('Where pushes that are waited for are kept: docs/scaling.md.')
param backend 'storage' | 'scheduler' = 'storage'

@description('The task hub. Two apps on one storage account or scheduler need two.')
@minLength(3)
@maxLength(45)
param taskHubName string = 'AcrGlobal'

@description('Only with the backend `scheduler`.')
param schedulerSku 'Consumption' | 'Dedicated' = 'Consumption'

@description('Who may call the scheduler. Its callers show an identity whatever their address.')
param schedulerIpAllowlist string[] = ['0.0.0.0/0']

@description('Of those that the platform offers and the tests run on.')
param pythonVersion '3.12' | '3.13' = '3.12'

@description('What an instance has, and costs.')
param instanceMemoryMB memory = 2048

@description('Bounds the bill, and what a storm of webhooks can do.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that always run for webhooks: with 0 a cold start can outlast the registry\'s 5 s.')
@minValue(0)
param alwaysReadyHttp int = 1

@description('Instances that always run for what waits, asks and tells.')
@minValue(0)
param alwaysReadyDurable int = 1

@description('Spread over zones, storage included. Not every region has them; always-ready groups want two then.')
param zoneRedundant bool = false

@description('Whom the app answers; all others get 403. Empty: everybody, by key.')
param inbound inboundRule[] = []

@description('An app registration in Entra ID, by client id, whose users may see the pages: docs/pages.md. Empty: they are asked for a key.')
param signInClientId string = ''

@description('Reach storage and vault through private endpoints, from a virtual network.')
param usePrivateNetwork bool = false

@description('Of the new network: two subnets of 64 addresses are cut from it.')
param networkAddressPrefix string = '10.60.0.0/24'

@description('Existing subnets, by resource id, instead of a new network; `app` delegated to Microsoft.App/environments.')
param existingSubnets { app: string, endpoints: string }?

@description('Existing private DNS zones by service (blob, queue, table, vault): resource ids. Others are made.')
param dnsZoneIds { blob: string?, queue: string?, table: string?, vault: string? } = {}

@description('An existing Log Analytics workspace, by resource id. Empty: a new one.')
param workspaceId string = ''

@description('Days that a new workspace keeps what it is sent.')
@minValue(30)
@maxValue(730)
param logRetentionInDays int = 30

@description('A workbook on pushes, regions and targets.')
param workbook bool = true

@description('Alerts on what was given up, on overdue pushes, on errors, and where no webhook comes or no timer runs. Each costs a little.')
param alerts bool = true

@description('Whom alerts tell: action groups, by resource id. Empty: they stand in the portal.')
param actionGroupIds string[] = []

@description('For how long no webhook may come before there is an alert.')
param silentAfter 'PT6H' | 'P1D' | 'P2D' = 'P2D'

@description('Metrics and traces to Application Insights. Only with the package azure-monitor-opentelemetry: docs/telemetry.md.')
param openTelemetry bool = false

@description('An existing vault with role-based access, by resource id. Empty: a new one, if `vaultReferences` names any.')
param vaultId string = ''

@description('False where you may not assign roles: the output `rolesToAssign` is the list to hand on.')
param assignRoles bool = true

@description('The same for what is elsewhere, and may be somebody else\'s: the registries, and a vault that was there.')
param assignRolesElsewhere bool = assignRoles

// Regions have no default: with too few, a push would be complete too early.
var knownRegions = empty(regions) && !contains(settings, 'ACR_GLOBAL_REGISTRIES')
  ? fail('Say the regions: param regions, or ACR_GLOBAL_REGISTRIES in param settings.')
  : regions
var token = uniqueString(resourceGroup().id, name)
var shortName = take(replace(toLower(name), '-', ''), 11)
var holdsTaskHub = backend == 'storage'
var usesVault = !empty(vaultReferences)
var makesVault = usesVault && empty(vaultId)
var newVaultName = names.?vault ?? take('kv-${shortName}-${token}', 24)
var functionAppName = names.?functionApp ?? 'func-${name}-${token}'
var usedVaultId = makesVault ? resourceId('Microsoft.KeyVault/vaults', newVaultName) : vaultId
// Read also where nothing is deployed into it.
var vaultPlace = usesVault ? usedVaultId : resourceGroup().id
var usedVaultName = last(split(usedVaultId, '/'))
var assignsAtVault = makesVault ? assignRoles : assignRolesElsewhere
var insightsName = names.?insights ?? 'appi-${name}-${token}'
var workspaceName = names.?workspace ?? 'log-${name}-${token}'
var asked = empty(evidence) ? [] : registryIds

// host.json by app setting: learn.microsoft.com/azure/azure-functions/functions-host-json, Override
// host.json values.
var hostJson = 'AzureFunctionsJobHost__extensions__durableTask'
var schedulerSetting = 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'

module identity 'modules/identity.bicep' = {
  params: {
    name: names.?identity ?? 'id-${name}-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: insightsName
    workspaceName: workspaceName
    location: location
    tags: tags
    existingWorkspaceId: workspaceId
    retentionInDays: logRetentionInDays
    principalId: identity.outputs.principalId
    assignRoles: assignRoles
  }
}

module watching 'modules/watching.bicep' = {
  params: {
    name: functionAppName
    location: location
    tags: tags
    workspaceId: empty(workspaceId)
      ? resourceId('Microsoft.OperationalInsights/workspaces', workspaceName)
      : workspaceId
    insightsId: resourceId('Microsoft.Insights/components', insightsName)
    workbook: workbook
    alerts: alerts
    actionGroupIds: actionGroupIds
    silentAfter: silentAfter
  }
  dependsOn: [monitoring]
}

module storage 'modules/storage.bicep' = {
  params: {
    name: names.?storage ?? take('st${shortName}${token}', 24)
    location: location
    tags: tags
    sku: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
    workspaceId: monitoring.outputs.workspaceId
    principalId: identity.outputs.principalId
    assignRoles: assignRoles
    holdsTaskHub: holdsTaskHub
    isPrivate: usePrivateNetwork
  }
}

module scheduler 'modules/scheduler.bicep' = if (!holdsTaskHub) {
  params: {
    name: names.?scheduler ?? 'dts-${name}-${token}'
    taskHubName: taskHubName
    location: location
    tags: tags
    sku: schedulerSku
    ipAllowlist: schedulerIpAllowlist
    principalId: identity.outputs.principalId
    assignRoles: assignRoles
  }
}

module newVault 'modules/secrets.bicep' = if (makesVault) {
  params: {
    name: newVaultName
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    isPrivate: usePrivateNetwork
  }
}

module vaultAccess 'modules/vault-access.bicep' = if (usesVault && assignsAtVault) {
  scope: resourceGroup(subscriptionOf(vaultPlace, 'vaultId'), groupOf(vaultPlace, 'vaultId'))
  params: {
    vaultName: usedVaultName
    principalId: identity.outputs.principalId
  }
  dependsOn: [newVault]
}

module registryAccess 'modules/registry-access.bicep' = [
  for id in asked: if (assignRolesElsewhere) {
    scope: resourceGroup(subscriptionOf(id, 'registryIds'), groupOf(id, 'registryIds'))
    params: {
      registryName: last(split(id, '/'))
      evidence: evidence
      usesRepositoryPermissions: registryUsesRepositoryPermissions
      deploymentName: functionAppName
      principalId: identity.outputs.principalId
    }
  }
]

module network 'modules/network.bicep' = if (usePrivateNetwork) {
  params: {
    name: names.?network ?? 'vnet-${name}-${token}'
    location: location
    tags: tags
    existingSubnets: existingSubnets
    addressPrefix: networkAddressPrefix
  }
}

var storageServices = holdsTaskHub ? ['blob', 'queue', 'table'] : ['blob', 'table']

module storageEndpoints 'modules/private-endpoint.bicep' = [
  for service in storageServices: if (usePrivateNetwork) {
    params: {
      name: 'pep-${service}-${name}-${token}'
      location: location
      tags: tags
      subnetId: network!.outputs.endpointSubnetId
      targetId: storage.outputs.id
      service: service
      existingZoneId: dnsZoneIds[?service] ?? ''
      networkId: network!.outputs.networkId
    }
  }
]

// A vault that was there before has its own ways in; they are its owner's.
module vaultEndpoint 'modules/private-endpoint.bicep' = if (usePrivateNetwork && makesVault) {
  params: {
    name: 'pep-vault-${name}-${token}'
    location: location
    tags: tags
    subnetId: network!.outputs.endpointSubnetId
    targetId: usedVaultId
    service: 'vault'
    existingZoneId: dnsZoneIds.?vault ?? ''
    networkId: network!.outputs.networkId
  }
  dependsOn: [newVault]
}

var appSettings = union(
  // Without the evidence `event-log` the app has no right to read what there is to catch up with.
  contains(evidence, 'event-log') ? {} : { ACR_GLOBAL_CATCH_UP: '0' },
  settings,
  empty(knownRegions) ? {} : { ACR_GLOBAL_REGIONS: join(knownRegions, ',') },
  empty(targets) ? {} : { ACR_GLOBAL_TARGETS: string(targets) },
  empty(asked) ? {} : { ACR_GLOBAL_EVIDENCE: join(evidence, ',') },
  length(asked) == 1 ? { ACR_GLOBAL_REGISTRY_ID: asked[0] } : {}
)
// Without a version, so that a new one is used within a day.
var secretSettings = mapValues(
  vaultReferences,
  secret => '@Microsoft.KeyVault(VaultName=${usedVaultName};SecretName=${secret})'
)
// The host sends by OpenTelemetry, and the worker sets up its exporter, for the app's own lines alone:
// those of the exporter's requests would be sent by further requests.
var telemetrySettings = openTelemetry
  ? {
      AzureFunctionsJobHost__telemetryMode: 'OpenTelemetry'
      PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
      PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME: 'acr_global'
    }
  : {}
var hubSettings = { '${hostJson}__hubName': taskHubName }
var schedulerSettings = holdsTaskHub
  ? {}
  : {
      '${hostJson}__storageProvider__type': 'azureManaged'
      '${hostJson}__storageProvider__connectionStringName': schedulerSetting
      '${schedulerSetting}': 'Endpoint=${scheduler!.outputs.endpoint};Authentication=ManagedIdentity;ClientID=${identity.outputs.clientId}'
    }

module app 'modules/function-app.bicep' = {
  params: {
    name: functionAppName
    planName: names.?plan ?? 'plan-${name}-${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyDurable: alwaysReadyDurable
    zoneRedundant: zoneRedundant
    storageAccountName: storage.outputs.name
    packageUrl: storage.outputs.packageUrl
    insightsConnectionString: monitoring.outputs.connectionString
    inbound: inbound
    signInClientId: signInClientId
    subnetId: usePrivateNetwork ? network!.outputs.appSubnetId : null
    settings: union(appSettings, secretSettings, hubSettings, schedulerSettings, telemetrySettings)
  }
  dependsOn: [storageEndpoints, vaultEndpoint, vaultAccess]
}

output functionAppName string = app.outputs.name
output functionAppUrl string = app.outputs.url
output regions string = join(regions, ',')
output identityClientId string = identity.outputs.clientId
output identityPrincipalId string = identity.outputs.principalId

@description('The vault that the secrets go into. Empty: none.')
output vaultName string = usedVaultName

@description('The scheduler\'s own page on its task hub. Empty: none.')
output dashboardUrl string = holdsTaskHub ? '' : scheduler!.outputs.dashboardUrl

var rolesHere = concat(storage.outputs.roles, monitoring.outputs.roles, holdsTaskHub ? [] : scheduler!.outputs.roles)
var vaultRoles = [
  {
    role: 'Key Vault Secrets User'
    principalId: identity.outputs.principalId
    scope: usedVaultId
  }
]
var wantedActions = concat(
  evidenceActions(evidence, registryUsesRepositoryPermissions),
  evidenceDataActions(evidence, registryUsesRepositoryPermissions)
)
var registryRoles = map(asked, id => {
  role: 'a custom role of ${join(wantedActions, ', ')}'
  principalId: identity.outputs.principalId
  scope: id
})

@description('What somebody else has to assign, because you may not.')
output rolesToAssign neededRole[] = concat(
  assignRoles ? [] : rolesHere,
  usesVault && !assignsAtVault ? vaultRoles : [],
  assignRolesElsewhere ? [] : registryRoles
)
