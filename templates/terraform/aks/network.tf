resource "azurerm_resource_group" "main" {
  provision_when = provision.own_group
  name     = provision.name
  location = provision.location
  tags     = local.tags
}

resource "azurerm_virtual_network" "main" {
  provision_when = provision.own_network
  name                = provision.name
  resource_group_name = provision.group
  location            = provision.place
  address_space       = [provision.network]
  tags                = local.tags
}

# Nodes only: with the overlay, pods take their addresses from pod_cidr.
resource "azurerm_subnet" "nodes" {
  provision_when = provision.own_subnets
  name                            = "${provision.subnet_prefix}nodes"
  resource_group_name             = provision.network_group
  virtual_network_name            = provision.network_name
  address_prefixes                = [provision.subnet_nodes]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "endpoints" {
  provision_when = provision.endpoints
  name                            = "${provision.subnet_prefix}endpoints"
  resource_group_name             = provision.network_group
  virtual_network_name            = provision.network_name
  address_prefixes                = [provision.subnet_endpoints]
  default_outbound_access_enabled = false

  # Without this a security group does not apply to private endpoints.
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
}

resource "azurerm_network_security_group" "nodes" {
  provision_when = provision.own_subnets
  name                = "${provision.name}-nodes"
  resource_group_name = provision.group
  location            = provision.place
  tags                = local.tags
}

# The overlay does not encapsulate: this group sees pods' addresses, which are outside the network's range. What may talk
# to what within the cluster is for Kubernetes' network policies to say. The default rules shut out the internet.
resource "azurerm_network_security_rule" "nodes_cluster" {
  provision_when = provision.own_subnets
  name                         = "cluster"
  resource_group_name          = provision.group
  network_security_group_name  = azurerm_network_security_group.nodes.name
  priority                     = 100
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = "*"
  source_address_prefixes      = [provision.subnet_nodes, provision.pod_range]
  source_port_range            = "*"
  destination_address_prefixes = [provision.subnet_nodes, provision.pod_range]
  destination_port_range       = "*"
}

resource "azurerm_subnet_network_security_group_association" "nodes" {
  provision_when = provision.own_subnets
  subnet_id                 = azurerm_subnet.nodes.id
  network_security_group_id = azurerm_network_security_group.nodes.id
}

resource "azurerm_network_security_group" "endpoints" {
  provision_when = provision.endpoints
  name                = "${provision.name}-endpoints"
  resource_group_name = provision.group
  location            = provision.place
  tags                = local.tags
}

# From the nodes, and from peered networks, where images are pushed from.
resource "azurerm_network_security_rule" "endpoints_https" {
  provision_when = provision.endpoints
  name                        = "https"
  resource_group_name         = provision.group
  network_security_group_name = azurerm_network_security_group.endpoints.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = "VirtualNetwork"
  source_port_range           = "*"
  destination_address_prefix  = provision.subnet_endpoints
  destination_port_range      = "443"
}

resource "azurerm_network_security_rule" "endpoints_deny" {
  provision_when = provision.endpoints
  name                        = "deny"
  resource_group_name         = provision.group
  network_security_group_name = azurerm_network_security_group.endpoints.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "*"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  provision_when = provision.endpoints
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.endpoints.id
}

# Outbound access. A StandardV2 gateway is in all zones; its zones are those of its public address.
resource "azurerm_public_ip" "nat" {
  provision_when = provision.nat
  name                = "${provision.name}-nat"
  resource_group_name = provision.group
  location            = provision.place
  allocation_method   = "Static"
  sku                 = provision.nat_sku
  zones               = provision.nat_zones
  tags                = local.tags
}

resource "azurerm_nat_gateway" "main" {
  provision_when = provision.nat
  name                = provision.name
  resource_group_name = provision.group
  location            = provision.place
  sku_name            = provision.nat_sku
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "main" {
  provision_when = provision.nat
  nat_gateway_id       = azurerm_nat_gateway.main.id
  public_ip_address_id = azurerm_public_ip.nat.id
}

resource "azurerm_subnet_nat_gateway_association" "nodes" {
  provision_when = provision.nat
  subnet_id      = azurerm_subnet.nodes.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_route_table_association" "nodes" {
  provision_when = provision.routed
  subnet_id      = azurerm_subnet.nodes.id
  route_table_id = provision.route_table
}
