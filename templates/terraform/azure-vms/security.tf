# Who may reach which port. Everything else inside the network is refused by `deny_*`, everything from outside by
# Azure's own last rule.
locals {
  rules_zookeeper = provision.rules_zookeeper

  rules_masters = provision.rules_masters

  rules_workers = provision.rules_workers
}

resource "azurerm_application_security_group" "zookeeper" {
  provision_when = provision.zookeeper
  name                = "${provision.name}-zookeeper"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_application_security_group" "masters" {
  provision_when = provision.spark
  name                = "${provision.name}-masters"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_application_security_group" "workers" {
  provision_when = provision.spark
  name                = "${provision.name}-workers"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_network_security_group" "zookeeper" {
  provision_when = provision.zookeeper
  name                = "${provision.name}-zookeeper"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "zookeeper" {
  provision_when = provision.own_subnet_zookeeper
  subnet_id                 = azurerm_subnet.zookeeper.id
  network_security_group_id = azurerm_network_security_group.zookeeper.id
}

resource "azurerm_network_security_rule" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.rules_zookeeper

  name                                       = each.key
  resource_group_name                        = provision.group
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
  provision_when = provision.zookeeper_ssh
  name                                       = "ssh"
  resource_group_name                        = provision.group
  network_security_group_name                = azurerm_network_security_group.zookeeper.name
  priority                                   = 1000
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefixes                    = provision.ssh_sources
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.zookeeper.id]
  destination_port_range                     = "22"
}

# The tag VirtualNetwork covers the address that the probe comes from, so that `deny_zookeeper` would hide every member
# from the load balancer.
resource "azurerm_network_security_rule" "probe_zookeeper" {
  provision_when = provision.load_balancer
  name                                       = "probe"
  resource_group_name                        = provision.group
  network_security_group_name                = azurerm_network_security_group.zookeeper.name
  priority                                   = 1010
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefix                      = "AzureLoadBalancer"
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.zookeeper.id]
  destination_port_range                     = provision.client_port
}

# Whoever is in the cluster's range may be a client of the load balancer.
resource "azurerm_network_security_rule" "clients_zookeeper" {
  provision_when = provision.load_balancer
  name                                       = "clients"
  resource_group_name                        = provision.group
  network_security_group_name                = azurerm_network_security_group.zookeeper.name
  priority                                   = 1020
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefix                      = provision.network
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.zookeeper.id]
  destination_port_range                     = provision.client_port
}

resource "azurerm_network_security_rule" "deny_zookeeper" {
  provision_when = provision.zookeeper
  name                        = "deny"
  resource_group_name         = provision.group
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
  provision_when = provision.spark
  name                = "${provision.name}-masters"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "masters" {
  provision_when = provision.own_subnets_spark
  subnet_id                 = azurerm_subnet.masters.id
  network_security_group_id = azurerm_network_security_group.masters.id
}

resource "azurerm_network_security_rule" "masters" {
  provision_when = provision.spark
  for_each = local.rules_masters

  name                                       = each.key
  resource_group_name                        = provision.group
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
  provision_when = provision.spark_ssh
  name                                       = "ssh"
  resource_group_name                        = provision.group
  network_security_group_name                = azurerm_network_security_group.masters.name
  priority                                   = 1000
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefixes                    = provision.ssh_sources
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.masters.id]
  destination_port_range                     = "22"
}

resource "azurerm_network_security_rule" "deny_masters" {
  provision_when = provision.spark
  name                        = "deny"
  resource_group_name         = provision.group
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
  provision_when = provision.spark
  name                = "${provision.name}-workers"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "workers" {
  provision_when = provision.own_subnets_spark
  subnet_id                 = azurerm_subnet.workers.id
  network_security_group_id = azurerm_network_security_group.workers.id
}

resource "azurerm_network_security_rule" "workers" {
  provision_when = provision.spark
  for_each = local.rules_workers

  name                                       = each.key
  resource_group_name                        = provision.group
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
  provision_when = provision.spark_ssh
  name                                       = "ssh"
  resource_group_name                        = provision.group
  network_security_group_name                = azurerm_network_security_group.workers.name
  priority                                   = 1000
  direction                                  = "Inbound"
  access                                     = "Allow"
  protocol                                   = "Tcp"
  source_address_prefixes                    = provision.ssh_sources
  source_port_range                          = "*"
  destination_application_security_group_ids = [azurerm_application_security_group.workers.id]
  destination_port_range                     = "22"
}

resource "azurerm_network_security_rule" "deny_workers" {
  provision_when = provision.spark
  name                        = "deny"
  resource_group_name         = provision.group
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
  provision_when = provision.own_subnet_endpoints
  name                = "${provision.name}-endpoints"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  provision_when = provision.own_subnet_endpoints
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.endpoints.id
}

resource "azurerm_network_security_rule" "storage_endpoints" {
  provision_when = provision.own_subnet_endpoints
  name                                  = "storage"
  resource_group_name                   = provision.group
  network_security_group_name           = azurerm_network_security_group.endpoints.name
  priority                              = 100
  direction                             = "Inbound"
  access                                = "Allow"
  protocol                              = "Tcp"
  source_application_security_group_ids = [azurerm_application_security_group.masters.id, azurerm_application_security_group.workers.id]
  source_port_range                     = "*"
  destination_address_prefix            = provision.subnet_endpoints
  destination_port_range                = "443"
}

resource "azurerm_network_security_rule" "deny_endpoints" {
  provision_when = provision.own_subnet_endpoints
  name                        = "deny"
  resource_group_name         = provision.group
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
  provision_when = provision.bastion
  name                = "${provision.name}-bastion"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_subnet_network_security_group_association" "bastion" {
  provision_when = provision.bastion
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
  provision_when = provision.bastion
  name                        = "operators"
  resource_group_name         = provision.group
  network_security_group_name = azurerm_network_security_group.bastion.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefixes     = provision.ssh_from
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "443"
}

resource "azurerm_network_security_rule" "gateway_manager_bastion" {
  provision_when = provision.bastion
  name                        = "gateway-manager"
  resource_group_name         = provision.group
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
