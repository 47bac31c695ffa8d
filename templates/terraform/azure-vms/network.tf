resource "azurerm_resource_group" "main" {
  provision_when = provision.own_group
  name     = provision.name
  location = provision.location
  tags     = local.tags
}

resource "azurerm_virtual_network" "main" {
  provision_when = provision.own_network
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  address_space       = [provision.network]
  tags                = local.tags
}

resource "azurerm_subnet" "zookeeper" {
  provision_when = provision.own_subnet_zookeeper
  name                            = "${provision.subnet_prefix}zookeeper"
  resource_group_name             = provision.network_group
  virtual_network_name            = provision.network_name
  address_prefixes                = [provision.subnet_zookeeper]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "masters" {
  provision_when = provision.own_subnets_spark
  name                            = "${provision.subnet_prefix}masters"
  resource_group_name             = provision.network_group
  virtual_network_name            = provision.network_name
  address_prefixes                = [provision.subnet_masters]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "workers" {
  provision_when = provision.own_subnets_spark
  name                            = "${provision.subnet_prefix}workers"
  resource_group_name             = provision.network_group
  virtual_network_name            = provision.network_name
  address_prefixes                = [provision.subnet_workers]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "endpoints" {
  provision_when = provision.own_subnet_endpoints
  name                            = "${provision.subnet_prefix}endpoints"
  resource_group_name             = provision.network_group
  virtual_network_name            = provision.network_name
  address_prefixes                = [provision.subnet_endpoints]
  default_outbound_access_enabled = false

  # Without this the security group below does not apply to private endpoints.
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
}

# Outbound access for packages and archives; nothing comes in through it. Only the second generation outlives a zone.
resource "azurerm_public_ip" "nat" {
  provision_when = provision.nat
  name                = "${provision.name}-nat"
  location            = provision.place
  resource_group_name = provision.group
  sku                 = provision.nat_sku
  allocation_method   = "Static"
  zones               = provision.nat_zones
  tags                = local.tags

  lifecycle {
    # Another list of zones would recreate the address, and interrupt outbound access.
    ignore_changes = [zones]
  }
}

resource "azurerm_nat_gateway" "main" {
  provision_when = provision.nat
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  sku_name            = provision.nat_sku
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "main" {
  provision_when = provision.nat
  nat_gateway_id       = azurerm_nat_gateway.main.id
  public_ip_address_id = azurerm_public_ip.nat.id
}

resource "azurerm_subnet_nat_gateway_association" "zookeeper" {
  provision_when = provision.nat_zookeeper
  subnet_id      = azurerm_subnet.zookeeper.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_route_table_association" "zookeeper" {
  provision_when = provision.routed_zookeeper
  subnet_id      = azurerm_subnet.zookeeper.id
  route_table_id = provision.route_table
}

resource "azurerm_subnet_nat_gateway_association" "masters" {
  provision_when = provision.nat_spark
  subnet_id      = azurerm_subnet.masters.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_route_table_association" "masters" {
  provision_when = provision.routed_spark
  subnet_id      = azurerm_subnet.masters.id
  route_table_id = provision.route_table
}

resource "azurerm_subnet_nat_gateway_association" "workers" {
  provision_when = provision.nat_spark
  subnet_id      = azurerm_subnet.workers.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_route_table_association" "workers" {
  provision_when = provision.routed_spark
  subnet_id      = azurerm_subnet.workers.id
  route_table_id = provision.route_table
}
