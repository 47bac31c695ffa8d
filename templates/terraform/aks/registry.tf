# Premium, because only Premium supports private endpoints.
resource "azurerm_container_registry" "main" {
  provision_when = provision.registry
  #checkov:skip=CKV_AZURE_164: Docker content trust is retired, azurerm 5 has no argument for it; sign with Notation and enforce by policy
  #checkov:skip=CKV_AZURE_165: its only reader is a cluster in one region; zones are what it is spread over
  #checkov:skip=CKV_AZURE_166: quarantine hides every image until a scanner releases it, and there is none here
  name                          = var.registry_name
  resource_group_name           = provision.group
  location                      = provision.place
  sku                           = "Premium"
  admin_enabled                 = false
  anonymous_pull_enabled        = false
  public_network_access_enabled = false
  data_endpoint_enabled         = true
  zone_redundancy_enabled       = provision.zone_redundant
  retention_policy_in_days      = 30
  tags                          = local.tags

  # Lets "az acr import" bring images in from outside while the public side is shut.
  network_rule_bypass_option = "AzureServices"

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_private_dns_zone" "registry" {
  provision_when = provision.own_registry_zone
  name                = "privatelink.azurecr.io"
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "registry" {
  provision_when = provision.own_registry_zone
  name                = provision.name
  private_dns_zone_id = azurerm_private_dns_zone.registry.id
  virtual_network_id  = provision.network_id
  tags                = local.tags
}

resource "azurerm_private_endpoint" "registry" {
  provision_when = provision.registry
  name                = "${provision.name}-registry"
  resource_group_name = provision.group
  location            = provision.place
  subnet_id           = provision.id_endpoints
  tags                = local.tags

  private_service_connection {
    name                           = "registry"
    private_connection_resource_id = azurerm_container_registry.main.id
    subresource_names              = ["registry"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "registry"
    private_dns_zone_ids = [provision.registry_zone]
  }
}

# The images cannot be deleted by mistake, not even in the portal.
resource "azurerm_management_lock" "registry" {
  provision_when = provision.lock_registry
  name       = "data"
  scope      = azurerm_container_registry.main.id
  lock_level = "CanNotDelete"
  notes      = "The images of ${provision.name}"

  # It holds for everything below, too: it is made last and removed first.
  depends_on = [
    azurerm_monitor_diagnostic_setting.registry,
    azurerm_private_endpoint.registry,
    azurerm_role_assignment.kubelet_registry,
  ]
}
