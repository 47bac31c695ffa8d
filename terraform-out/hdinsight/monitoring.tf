resource "azurerm_log_analytics_workspace" "main" {
  name                = "analytics"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  sku                 = "PerGB2018"
  retention_in_days   = 30
  tags                = local.tags

  # Agents come with a managed identity; nobody needs the workspace's shared keys.
  local_authentication_enabled = false
}

# Reads are left out: Spark makes one for every range of every file.
resource "azurerm_monitor_diagnostic_setting" "storage" {
  name                       = "analytics"
  target_resource_id         = "${azurerm_storage_account.main.id}/blobServices/default"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.main.id

  enabled_log {
    category = "StorageDelete"
  }

  enabled_log {
    category = "StorageWrite"
  }
}
