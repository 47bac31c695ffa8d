resource "azurerm_network_interface" "masters" {
  provision_when = provision.spark
  for_each = local.masters

  name                           = provision.machine
  location                       = provision.place
  resource_group_name            = provision.group
  accelerated_networking_enabled = true
  tags                           = local.tags

  ip_configuration {
    name                          = "primary"
    subnet_id                     = provision.id_masters
    private_ip_address_allocation = "Static"
    private_ip_address            = each.value.address
  }
}

resource "azurerm_network_interface_application_security_group_association" "masters" {
  provision_when = provision.spark
  for_each = local.masters

  network_interface_id          = azurerm_network_interface.masters[each.key].id
  application_security_group_id = azurerm_application_security_group.masters.id
}

resource "azurerm_network_interface_security_group_association" "masters" {
  provision_when = provision.guards_masters
  for_each = local.masters

  network_interface_id      = azurerm_network_interface.masters[each.key].id
  network_security_group_id = azurerm_network_security_group.masters.id
}

resource "azurerm_linux_virtual_machine" "masters" {
  provision_when = provision.spark
  for_each = local.masters

  name                            = provision.machine
  computer_name                   = provision.computer_name
  location                        = provision.place
  resource_group_name             = provision.group
  zone                            = provision.each_zone
  size                            = each.value.size
  network_interface_ids           = [azurerm_network_interface.masters[each.key].id]
  admin_username                  = provision.user
  disable_password_authentication = true
  allow_extension_operations      = provision.extensions
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  encryption_at_host_enabled      = true
  source_image_id                 = provision.each_own_image
  custom_data                     = base64encode(file("${path.module}/cloud-init/masters.yaml"))
  tags                            = local.tags

  dynamic "admin_ssh_key" {
    for_each = var.ssh_public_keys

    content {
      username   = provision.user
      public_key = admin_ssh_key.value
    }
  }

  identity {
    provision_when = provision.storage
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.main.id]
  }

  os_disk {
    name                 = "${provision.machine}-os"
    storage_account_type   = "Premium_LRS"
    caching                = "ReadWrite"
    disk_encryption_set_id = provision.disk_encryption_set
  }

  source_image_reference {
    provision_when = provision.ubuntu
    publisher = "Canonical"
    offer     = each.value.image
    sku       = "server"
    version   = var.image_version
  }

  boot_diagnostics {}

  lifecycle {
    # A change of any of these would replace or stop all masters at once. They take effect on a master that is replaced
    # by hand, one after the other; see README.md.
    ignore_changes = [admin_ssh_key, admin_username, custom_data, size, source_image_id, source_image_reference]
  }

  # First boot fetches packages.
  depends_on = [
    provision.nat_address,
    provision.way_out_masters,
    provision.guard_masters,
  ]
}
