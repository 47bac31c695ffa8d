# Who may reach which port. Everything else inside the network is refused by `deny_*`, everything from outside by
# Azure's own last rule.
locals {
  rules_zookeeper = {
    client   = { priority = 100, ports = ["2181"], from = [azurerm_application_security_group.masters.id] }
    peer     = { priority = 110, ports = ["2888"], from = [azurerm_application_security_group.zookeeper.id] }
    election = { priority = 120, ports = ["3888"], from = [azurerm_application_security_group.zookeeper.id] }
  }

  rules_masters = {
    master = {
      priority = 100
      ports    = ["7077"]
      from     = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
    }
    master-ui = {
      priority = 110
      ports    = ["8080"]
      from     = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
    }
    driver = {
      priority = 120
      ports    = ["7100-7116"]
      from     = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
    }
    driver-block-manager = {
      priority = 130
      ports    = ["7130-7146"]
      from     = [azurerm_application_security_group.workers.id]
    }
    driver-ui = {
      priority = 140
      ports    = ["4040-4056"]
      from     = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
    }
  }

  rules_workers = {
    worker = {
      priority = 100
      ports    = ["7078"]
      from     = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
    }
    worker-ui = {
      priority = 110
      ports    = ["8081"]
      from     = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
    }
    block-manager = {
      priority = 120
      ports    = ["7160-7176"]
      from     = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
    }
  }
}

resource "azurerm_application_security_group" "zookeeper" {
  name                = "analytics-zookeeper"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_application_security_group" "masters" {
  name                = "analytics-masters"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_application_security_group" "workers" {
  name                = "analytics-workers"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_network_security_group" "zookeeper" {
  name                = "analytics-zookeeper"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "zookeeper" {
  subnet_id                 = azurerm_subnet.zookeeper.id
  network_security_group_id = azurerm_network_security_group.zookeeper.id
}

resource "azurerm_network_security_rule" "zookeeper" {
  for_each = local.rules_zookeeper

  name                                       = each.key
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.zookeeper.name
  priority                                   = each.value.priority
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_application_security_group_ids      = each.value.from
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.zookeeper.id]
  destination_port_ranges                    = each.value.ports
}

resource "azurerm_network_security_rule" "ssh_zookeeper" {
  name                                       = "ssh"
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.zookeeper.name
  priority                                   = 1000
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefixes                    = ["203.0.113.0/24", "10.20.3.0/26"]
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.zookeeper.id]
  destination_port_range                     = "22"
}

# The tag VirtualNetwork covers the address that the probe comes from, so that `deny_zookeeper` would hide every member
# from the load balancer.
resource "azurerm_network_security_rule" "probe_zookeeper" {
  name                                       = "probe"
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.zookeeper.name
  priority                                   = 1010
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefix                      = "AzureLoadBalancer"
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.zookeeper.id]
  destination_port_range                     = "2181"
}

# Whoever is in the cluster's range may be a client of the load balancer.
resource "azurerm_network_security_rule" "clients_zookeeper" {
  name                                       = "clients"
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.zookeeper.name
  priority                                   = 1020
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefix                      = "10.20.0.0/16"
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.zookeeper.id]
  destination_port_range                     = "2181"
}

resource "azurerm_network_security_rule" "deny_zookeeper" {
  name                        = "deny"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.zookeeper.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "VirtualNetwork"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_network_security_group" "masters" {
  name                = "analytics-masters"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "masters" {
  subnet_id                 = azurerm_subnet.masters.id
  network_security_group_id = azurerm_network_security_group.masters.id
}

resource "azurerm_network_security_rule" "masters" {
  for_each = local.rules_masters

  name                                       = each.key
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.masters.name
  priority                                   = each.value.priority
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_application_security_group_ids      = each.value.from
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.masters.id]
  destination_port_ranges                    = each.value.ports
}

resource "azurerm_network_security_rule" "ssh_masters" {
  name                                       = "ssh"
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.masters.name
  priority                                   = 1000
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefixes                    = ["203.0.113.0/24", "10.20.3.0/26"]
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.masters.id]
  destination_port_range                     = "22"
}

resource "azurerm_network_security_rule" "deny_masters" {
  name                        = "deny"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.masters.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "VirtualNetwork"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_network_security_group" "workers" {
  name                = "analytics-workers"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "workers" {
  subnet_id                 = azurerm_subnet.workers.id
  network_security_group_id = azurerm_network_security_group.workers.id
}

resource "azurerm_network_security_rule" "workers" {
  for_each = local.rules_workers

  name                                       = each.key
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.workers.name
  priority                                   = each.value.priority
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_application_security_group_ids      = each.value.from
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.workers.id]
  destination_port_ranges                    = each.value.ports
}

resource "azurerm_network_security_rule" "ssh_workers" {
  name                                       = "ssh"
  resource_group_name                        = azurerm_resource_group.main.name
  network_security_group_name                = azurerm_network_security_group.workers.name
  priority                                   = 1000
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefixes                    = ["203.0.113.0/24", "10.20.3.0/26"]
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.workers.id]
  destination_port_range                     = "22"
}

resource "azurerm_network_security_rule" "deny_workers" {
  name                        = "deny"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.workers.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "VirtualNetwork"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_network_security_group" "endpoints" {
  name                = "analytics-endpoints"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.endpoints.id
}

resource "azurerm_network_security_rule" "storage_endpoints" {
  name                                  = "storage"
  resource_group_name                   = azurerm_resource_group.main.name
  network_security_group_name           = azurerm_network_security_group.endpoints.name
  priority                              = 100
  direction                             = "Inbound"
  access                                = "Allow"
  protocol                              = "Tcp"
  source_application_security_group_ids = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
  source_port_range                     = "*"
  destination_address_prefix            = "10.20.2.0/24"
  destination_port_range                = "443"
}

resource "azurerm_network_security_rule" "deny_endpoints" {
  name                        = "deny"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.endpoints.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "VirtualNetwork"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_network_security_group" "bastion" {
  name                = "analytics-bastion"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "bastion" {
  subnet_id                 = azurerm_subnet.bastion.id
  network_security_group_id = azurerm_network_security_group.bastion.id

  # Azure accepts a security group on a bastion's subnet only with these two rules, and does not let either be deleted while the group is there.
  depends_on = [
    azurerm_network_security_rule.gateway_manager_bastion,
    azurerm_network_security_rule.operators_bastion,
  ]
}

# A bastion needs these two from outside; Azure's default rules give it the rest, so that it has no `deny_bastion`.
resource "azurerm_network_security_rule" "operators_bastion" {
  name                        = "operators"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.bastion.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefixes     = ["203.0.113.0/24"]
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "443"
}

resource "azurerm_network_security_rule" "gateway_manager_bastion" {
  name                        = "gateway-manager"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.bastion.name
  priority                    = 110
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = "GatewayManager"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "443"
}
