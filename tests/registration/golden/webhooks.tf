# The webhooks of the registry contoso, as `acr-global webhooks apply` would have them.
# Terraform's state holds the function key in clear, whatever is marked as sensitive: keep the
# state where only those can read it who may have the key.

variable "image_push_key" {
  description = "A key of the function ImagePush."
  type        = string
  sensitive   = true
}

resource "azurerm_container_registry_webhook" "westeurope" {
  name                = "acrglobalfuncappwesteurope"
  resource_group_name = "regs"
  registry_name       = "contoso"
  location            = "westeurope"
  service_uri         = "https://func-app.azurewebsites.net/api/ImagePush?region=westeurope"
  actions             = ["push", "delete"]
  scope               = "team/*"
  status              = "enabled"
  custom_headers = {
    "x-functions-key" = var.image_push_key
  }
  tags = {
    "acr-global-app" = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/func-app"
  }
}

resource "azurerm_container_registry_webhook" "northeurope" {
  name                = "acrglobalfuncappnortheurope"
  resource_group_name = "regs"
  registry_name       = "contoso"
  location            = "northeurope"
  service_uri         = "https://func-app.azurewebsites.net/api/ImagePush?region=northeurope"
  actions             = ["push", "delete"]
  scope               = "team/*"
  status              = "enabled"
  custom_headers = {
    "x-functions-key" = var.image_push_key
    # "x-gateway" is there, too
  }
  tags = {
    "team"           = "a 'b' $${c}"
    "acr-global-app" = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/func-app"
  }
}

import {
  to = azurerm_container_registry_webhook.northeurope
  id = "/subscriptions/s/resourceGroups/regs/providers/Microsoft.ContainerRegistry/registries/contoso/webhooks/acrglobalfuncappnortheurope"
}

resource "azurerm_container_registry_webhook" "eastus" {
  name                = "acrglobalfuncappeastus"
  resource_group_name = "regs"
  registry_name       = "contoso"
  location            = "eastus"
  service_uri         = "https://func-app.azurewebsites.net/api/ImagePush?region=eastus"
  actions             = ["push", "delete"]
  scope               = "team/*"
  status              = "enabled"
  custom_headers = {
    "x-functions-key" = var.image_push_key
  }
  tags = {
    "acr-global-app" = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/func-app"
  }
}

import {
  to = azurerm_container_registry_webhook.eastus
  id = "/subscriptions/s/resourceGroups/regs/providers/Microsoft.ContainerRegistry/registries/contoso/webhooks/acrglobalfuncappeastus"
}

# southindia: acrglobalfuncappsouthindia cannot be made yet: its replica is Creating, not Succeeded.

# brazilsouth: acrglobalfuncappbrazilsouth should be removed: the registry is not in this region.
