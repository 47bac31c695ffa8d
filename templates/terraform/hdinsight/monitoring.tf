resource "azurerm_log_analytics_workspace" "main" {
  provision_when = provision.own_workspace
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  sku                 = "PerGB2018"
  retention_in_days   = 30
  tags                = local.tags

  # Agents come with a managed identity; nobody needs the workspace's shared keys.
  local_authentication_enabled = false
}

# Reads are left out: Spark makes one for every range of every file.
resource "azurerm_monitor_diagnostic_setting" "storage" {
  name                       = provision.name
  target_resource_id         = "${azurerm_storage_account.main.id}/blobServices/default"
  log_analytics_workspace_id = provision.workspace

  enabled_log {
    category = "StorageDelete"
  }

  enabled_log {
    category = "StorageWrite"
  }
}
