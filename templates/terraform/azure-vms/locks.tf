# Nobody deletes what holds data by mistake, in the portal either. Terraform takes the lock away before what it locks.
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
}
