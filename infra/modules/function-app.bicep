// The app on Flex Consumption. Keyless: it reaches storage, telemetry and the vault by its identity,
// and nobody publishes by a password.

import { inboundRule, memory } from 'types.bicep'

param name string
param planName string
param location string
param tags object
param workspaceId string
param identityId string
param identityClientId string
param pythonVersion '3.12' | '3.13'
param instanceMemoryMB memory
param maximumInstanceCount int
param alwaysReadyHttp int
param alwaysReadyDurable int
param zoneRedundant bool
param storageAccountName string
param packageUrl string
param insightsConnectionString string
param inbound inboundRule[]

@description('An app registration, whose users may see the pages. Empty: none.')
param signInClientId string

@description('The subnet that it goes out through.')
param subnetId string?

@description('Settings of the app and its backend, by name.')
param settings object

// `__credential` has to stand beside `__accountName`, and no AzureWebJobsStorage beside either:
// without the first the host does not start. A semicolon at the end of the authentication string
// breaks its reading by the Python exporter.
var platformSettings = {
  AzureWebJobsStorage__accountName: storageAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
}

// Instead of a client secret, App Service shows the identity's token, which the registration trusts.
// Source: learn.microsoft.com/azure/app-service/configure-authentication-provider-aad, `Use a managed
// identity instead of a secret`.
var signInSecret = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
var signInSettings = empty(signInClientId) ? {} : { ACR_GLOBAL_UI: 'app-service', '${signInSecret}': identityClientId }

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: pythonVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        // The registry waits 5 s for an answer, and a cold start can take longer.
        alwaysReady: filter(
          [
            { name: 'http', instanceCount: alwaysReadyHttp }
            { name: 'durable', instanceCount: alwaysReadyDurable }
          ],
          group => group.instanceCount > 0
        )
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      appSettings: map(items(union(platformSettings, settings, signInSettings)), s => { name: s.key, value: s.value })
      // Publishing comes from elsewhere than webhooks do, and asks for a sign-in of its own.
      scmIpSecurityRestrictionsUseMain: false
      ipSecurityRestrictionsDefaultAction: empty(inbound) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: map(inbound, (rule, i) => {
        name: rule.name
        action: 'Allow'
        priority: 100 + i
        ipAddress: rule.source
        tag: rule.kind == 'ServiceTag' ? 'ServiceTag' : 'Default'
      })
    }
  }

  resource signIn 'config' = if (!empty(signInClientId)) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      // Webhooks and commands show a key, which App Service does not know. The pages ask for
      // somebody to sign in themselves.
      globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
            clientId: signInClientId
            clientSecretSettingName: signInSecret
          }
          validation: {
            allowedAudiences: [signInClientId]
            // People who sign in here, not each app of the tenant that asks for a token.
            defaultAuthorizationPolicy: { allowedApplications: [signInClientId] }
          }
        }
      }
      // An hour, as a session by key. Nobody needs the provider's tokens.
      login: {
        tokenStore: { enabled: false }
        cookieExpiration: { convention: 'FixedTime', timeToExpiration: '01:00:00' }
      }
    }
  }

  resource noPasswordForScm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource noPasswordForFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
