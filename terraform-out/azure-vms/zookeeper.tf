resource "azurerm_network_interface" "zookeeper" {
  for_each = local.zookeeper

  name                           = each.value.name
  location                       = azurerm_resource_group.main.location
  resource_group_name            = azurerm_resource_group.main.name
  accelerated_networking_enabled = true
  tags                           = local.tags

  ip_configuration {
    name                          = "primary"
    subnet_id                     = azurerm_subnet.zookeeper.id
    private_ip_address_allocation = "Static"
    private_ip_address            = each.value.address
  }
}

resource "azurerm_network_interface_application_security_group_association" "zookeeper" {
  for_each = local.zookeeper

  network_interface_id          = azurerm_network_interface.zookeeper[each.key].id
  application_security_group_id = azurerm_application_security_group.zookeeper.id
}

resource "azurerm_linux_virtual_machine" "zookeeper" {
  for_each = local.zookeeper

  name                            = each.value.name
  location                        = azurerm_resource_group.main.location
  resource_group_name             = azurerm_resource_group.main.name
  zone                            = each.value.zone
  size                            = each.value.size
  network_interface_ids           = [azurerm_network_interface.zookeeper[each.key].id]
  admin_username                  = "ops"
  disable_password_authentication = true
  allow_extension_operations      = false
  secure_boot_enabled             = true
  vtpm_enabled                    = true
  encryption_at_host_enabled      = true
  custom_data                     = base64encode(templatefile("${path.module}/cloud-init/zookeeper.yaml", { mount = "/var/lib/zookeeper" }))
  tags                            = local.tags

  dynamic "admin_ssh_key" {
    for_each = var.ssh_public_keys

    content {
      username   = "ops"
      public_key = admin_ssh_key.value
    }
  }

  os_disk {
    name                 = "${each.value.name}-os"
    storage_account_type = "Premium_LRS"
    caching              = "ReadWrite"
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = each.value.image
    sku       = "server"
    version   = var.image_version
  }

  boot_diagnostics {}

  lifecycle {
    # A change of any of these would replace or stop all members at once. They take effect on a member that is replaced
    # by hand, one after the other; see README.md.
    ignore_changes = [admin_ssh_key, admin_username, custom_data, size, source_image_id, source_image_reference]
  }

  # First boot fetches packages.
  depends_on = [
    azurerm_nat_gateway_public_ip_association.main,
    azurerm_subnet_nat_gateway_association.zookeeper,
    azurerm_subnet_network_security_group_association.zookeeper,
  ]
}

# Outlives its machine: a recreated member finds its data here.
resource "azurerm_managed_disk" "zookeeper" {
  #checkov:skip=CKV_AZURE_93: encrypted at rest and on the host, with Microsoft's keys unless the topology has diskEncryptionSet
  for_each = local.zookeeper

  name                          = "${each.value.name}-data"
  location                      = azurerm_resource_group.main.location
  resource_group_name           = azurerm_resource_group.main.name
  zone                          = each.value.zone
  storage_account_type          = "Premium_LRS"
  create_option                 = "Empty"
  disk_size_gb                  = 64
  network_access_policy         = "DenyAll"
  public_network_access_enabled = false
  tags                          = local.tags

  lifecycle {
    prevent_destroy = true

    # Azure may stop a machine to resize its disk, and Terraform would do all at once; see README.md.
    ignore_changes = [disk_size_gb]
  }
}

resource "azurerm_virtual_machine_data_disk_attachment" "zookeeper" {
  for_each = local.zookeeper

  virtual_machine_id = azurerm_linux_virtual_machine.zookeeper[each.key].id
  managed_disk_id    = azurerm_managed_disk.zookeeper[each.key].id
  lun                = 0

  # A log that is synced on every write and hardly ever read: a cache could only lose it.
  caching = "None"
}

# For other clients; Spark always gets the list of members.
resource "azurerm_lb" "zookeeper" {
  name                = "analytics-zookeeper"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  sku                 = "Standard"
  tags                = local.tags

  frontend_ip_configuration {
    name                          = "client"
    subnet_id                     = azurerm_subnet.zookeeper.id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.20.0.10"
    zones                         = ["1", "2", "3"]
  }

  lifecycle {
    # Another list of zones would recreate it while clients use it.
    ignore_changes = [frontend_ip_configuration[0].zones]
  }
}

resource "azurerm_lb_backend_address_pool" "zookeeper" {
  name            = "members"
  loadbalancer_id = azurerm_lb.zookeeper.id
}

resource "azurerm_network_interface_backend_address_pool_association" "zookeeper" {
  for_each = local.zookeeper

  network_interface_id    = azurerm_network_interface.zookeeper[each.key].id
  ip_configuration_name   = "primary"
  backend_address_pool_id = azurerm_lb_backend_address_pool.zookeeper.id
}

# Says that a member listens, not that it is in the quorum: clients find that out and move on by themselves.
resource "azurerm_lb_probe" "zookeeper" {
  name                = "client"
  loadbalancer_id     = azurerm_lb.zookeeper.id
  protocol            = "Tcp"
  port                = 2181
  interval_in_seconds = 5
}

resource "azurerm_lb_rule" "zookeeper" {
  name                           = "client"
  loadbalancer_id                = azurerm_lb.zookeeper.id
  frontend_ip_configuration_name = "client"
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.zookeeper.id]
  probe_id                       = azurerm_lb_probe.zookeeper.id
  protocol                       = "Tcp"
  frontend_port                  = 2181
  backend_port                   = 2181
  tcp_reset_enabled              = true
}
