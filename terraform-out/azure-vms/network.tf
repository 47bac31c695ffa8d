resource "azurerm_resource_group" "main" {
  name     = "analytics"
  location = "westeurope"
  tags     = local.tags
}

resource "azurerm_virtual_network" "main" {
  name                = "analytics"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  address_space       = ["10.20.0.0/16"]
  tags                = local.tags
}

resource "azurerm_subnet" "zookeeper" {
  name                            = "zookeeper"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = ["10.20.0.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "masters" {
  name                            = "masters"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = ["10.20.1.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "workers" {
  name                            = "workers"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = ["10.20.128.0/17"]
  default_outbound_access_enabled = false
}

resource "azurerm_subnet" "endpoints" {
  name                            = "endpoints"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = ["10.20.2.0/24"]
  default_outbound_access_enabled = false

  # Without this the security group below does not apply to private endpoints.
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"
}

# Outbound access for packages and archives; nothing comes in through it. Only the second generation outlives a zone.
resource "azurerm_public_ip" "nat" {
  name                = "analytics-nat"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  sku                 = "StandardV2"
  allocation_method   = "Static"
  zones               = ["1", "2", "3"]
  tags                = local.tags

  lifecycle {
    # Another list of zones would recreate the address, and interrupt outbound access.
    ignore_changes = [zones]
  }
}

resource "azurerm_nat_gateway" "main" {
  name                = "analytics"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  sku_name            = "StandardV2"
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "main" {
  nat_gateway_id       = azurerm_nat_gateway.main.id
  public_ip_address_id = azurerm_public_ip.nat.id
}

resource "azurerm_subnet_nat_gateway_association" "zookeeper" {
  subnet_id      = azurerm_subnet.zookeeper.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_nat_gateway_association" "masters" {
  subnet_id      = azurerm_subnet.masters.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_nat_gateway_association" "workers" {
  subnet_id      = azurerm_subnet.workers.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}
