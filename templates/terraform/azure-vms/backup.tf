# For an ensemble that is lost as a whole: a single member that is lost gets its data from the others.
resource "azurerm_recovery_services_vault" "main" {
  provision_when = provision.backup
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  sku                 = "Standard"
  storage_mode_type   = provision.vault_redundancy
  tags                = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

# A backup is like a disk after a power failure, which ZooKeeper's log is made for: nothing has to be installed on the machines.
resource "azurerm_backup_policy_vm" "zookeeper" {
  provision_when = provision.backup
  name                = "zookeeper"
  resource_group_name = provision.group
  recovery_vault_name = azurerm_recovery_services_vault.main.name
  policy_type         = "V2" # machines with trusted launch take no other
  consistency_type    = "OnlyCrashConsistent"
  timezone            = "UTC"

  backup {
    frequency = "Daily"
    time      = "02:00"
  }

  retention_daily {
    count = provision.backup_days
  }
}

resource "azurerm_backup_protected_vm" "zookeeper" {
  provision_when = provision.backup
  for_each = local.zookeeper

  resource_group_name = provision.group
  recovery_vault_name = azurerm_recovery_services_vault.main.name
  source_vm_id        = azurerm_linux_virtual_machine.zookeeper[each.key].id
  backup_policy_id    = azurerm_backup_policy_vm.zookeeper.id
  include_disk_luns   = [0]

  # The disk must be there to be backed up.
  depends_on = [azurerm_virtual_machine_data_disk_attachment.zookeeper]
}
