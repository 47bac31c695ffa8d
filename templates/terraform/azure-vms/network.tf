resource "azurerm_resource_group" "main" {
  name     = provision.name
  location = provision.location
  tags     = local.tags
}

resource "azurerm_virtual_network" "main" {
  name                = provision.name
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  address_space       = [provision.network]
  tags                = local.tags
}

resource "azurerm_subnet" "zookeeper" {
  provision_when = provision.zookeeper
  name                            = "zookeeper"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = [provision.subnet_zookeeper]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "masters" {
  provision_when = provision.spark
  name                            = "masters"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = [provision.subnet_masters]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "workers" {
  provision_when = provision.spark
  name                            = "workers"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = [provision.subnet_workers]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "endpoints" {
  provision_when = provision.storage
  name                            = "endpoints"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = [provision.subnet_endpoints]
  default_outbound_access_enabled = false

  # Without this the security group below does not apply to private endpoints.
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
}

# The way out for packages and archives; nothing comes in through it. Only the second generation outlives a zone.
resource "azurerm_public_ip" "nat" {
  name                = "${provision.name}-nat"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  sku                 = provision.nat_sku
  allocation_method   = "Static"
  zones               = provision.nat_zones
  tags                = local.tags

  lifecycle {
    # Another list of zones would recreate the address, and with it the way out.
    ignore_changes = [zones]
  }
}

resource "azurerm_nat_gateway" "main" {
  name                = provision.name
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  sku_name            = provision.nat_sku
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "main" {
  nat_gateway_id       = azurerm_nat_gateway.main.id
  public_ip_address_id = azurerm_public_ip.nat.id
}

resource "azurerm_subnet_nat_gateway_association" "zookeeper" {
  provision_when = provision.zookeeper
  subnet_id      = azurerm_subnet.zookeeper.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_nat_gateway_association" "masters" {
  provision_when = provision.spark
  subnet_id      = azurerm_subnet.masters.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_nat_gateway_association" "workers" {
  provision_when = provision.spark
  subnet_id      = azurerm_subnet.workers.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}
