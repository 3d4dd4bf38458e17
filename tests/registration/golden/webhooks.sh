#!/bin/sh
# What `acr-global webhooks apply` would do at the registry contoso.
# Usage: sh webhooks.sh FILE
# FILE holds one line, x-functions-key=KEY, which so is in no list of processes; remove it when all
# is done.
set -eu
headers=$1
registry=contoso
app=/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/func-app

# westeurope
az acr webhook create --registry "$registry" --name acrglobalfuncappwesteurope \
  --uri 'https://func-app.azurewebsites.net/api/ImagePush?region=westeurope' --headers "@$headers" \
  --actions push delete --scope 'team/*' \
  --status enabled --tags "acr-global-app=$app" --location westeurope --output none
# northeurope: key, actions, scope, enabled
# It has other headers, which belong into FILE too: "x-gateway"
az acr webhook update --registry "$registry" --name acrglobalfuncappnortheurope \
  --uri 'https://func-app.azurewebsites.net/api/ImagePush?region=northeurope' --headers "@$headers" \
  --actions push delete --scope 'team/*' \
  --status enabled --tags "acr-global-app=$app" 'team=a '"'"'b'"'"' ${c}' --output none
# eastus: actions, scope
az acr webhook update --registry "$registry" --name acrglobalfuncappeastus \
  --uri 'https://func-app.azurewebsites.net/api/ImagePush?region=eastus' --headers "@$headers" \
  --actions push delete --scope 'team/*' \
  --status enabled --tags "acr-global-app=$app" --output none
# southindia: acrglobalfuncappsouthindia cannot be made yet: its replica is Creating, not Succeeded
# brazilsouth: the registry is not in this region
az acr webhook delete --registry "$registry" --name acrglobalfuncappbrazilsouth --output none
