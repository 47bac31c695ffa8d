# What holds data cannot be deleted by mistake, not even in the portal. Terraform removes the lock before it removes what is locked.
resource "azurerm_management_lock" "zookeeper" {
  provision_when = provision.lock_zookeeper
  for_each = local.zookeeper

  name       = "data"
  scope      = azurerm_managed_disk.zookeeper[each.key].id
  lock_level = "CanNotDelete"
  notes      = "The data of a member of ${provision.name}"
}

resource "azurerm_management_lock" "storage" {
  provision_when = provision.lock_storage
  name       = "data"
  scope      = azurerm_storage_account.main.id
  lock_level = "CanNotDelete"
  notes      = "The data of ${provision.name}"

  # It holds for everything below, too: it is made last and removed first.
  depends_on = [
    azurerm_monitor_diagnostic_setting.storage,
    azurerm_private_endpoint.storage,
    azurerm_role_assignment.main,
    azurerm_storage_container.main,
  ]
}
