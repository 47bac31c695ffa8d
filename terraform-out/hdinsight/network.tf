resource "azurerm_resource_group" "main" {
  name     = "analytics"
  location = "westeurope"
  tags     = local.tags
}

resource "azurerm_virtual_network" "main" {
  name                = "analytics"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  address_space       = ["10.30.0.0/16"]
  tags                = local.tags
}

resource "azurerm_subnet" "cluster" {
  name                            = "cluster"
  resource_group_name             = azurerm_resource_group.main.name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = ["10.30.0.0/17"]
  default_outbound_access_enabled = false

  # HDInsight puts its private link service here and cannot with the policies on.
  private_link_service_network_policies_enabled = false

  # The security group applies to the private endpoints too.
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled"

  # HDInsight's own databases, storage and vaults, without the way through the NAT gateway.
  service_endpoint {
    service = "Microsoft.KeyVault"
  }

  service_endpoint {
    service = "Microsoft.Sql"
  }

  service_endpoint {
    service = "Microsoft.Storage"
  }
}

# The cluster dials out to HDInsight's management, so there is no rule for the HDInsight service tag
# and none from the internet.
resource "azurerm_network_security_group" "cluster" {
  name                = "analytics-cluster"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_network_security_rule" "cluster" {
  name                        = "cluster"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.cluster.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_address_prefix       = "10.30.0.0/17"
  source_port_range           = "*"
  destination_address_prefix  = "10.30.0.0/17"
  destination_port_range      = "*"
}

resource "azurerm_network_security_rule" "load_balancer" {
  name                        = "load-balancer"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.cluster.name
  priority                    = 110
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_address_prefix       = "AzureLoadBalancer"
  source_port_range           = "*"
  destination_address_prefix  = "10.30.0.0/17"
  destination_port_range      = "*"
}

# Ambari and Livy (443), ssh (22): from this network and those peered with it.
resource "azurerm_network_security_rule" "clients" {
  name                        = "clients"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.cluster.name
  priority                    = 120
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = "VirtualNetwork"
  source_port_range           = "*"
  destination_address_prefix  = "10.30.0.0/17"
  destination_port_ranges     = ["22", "443"]
}

# The default rules would let the whole of VirtualNetwork in.
resource "azurerm_network_security_rule" "deny" {
  name                        = "deny"
  resource_group_name         = azurerm_resource_group.main.name
  network_security_group_name = azurerm_network_security_group.cluster.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "*"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

resource "azurerm_subnet_network_security_group_association" "cluster" {
  subnet_id                 = azurerm_subnet.cluster.id
  network_security_group_id = azurerm_network_security_group.cluster.id
}

# Outbound access: a private link cluster sits behind standard load balancers, which give none.
resource "azurerm_public_ip" "nat" {
  name                = "analytics-nat"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = local.tags
}

resource "azurerm_nat_gateway" "main" {
  name                = "analytics"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  sku_name            = "Standard"
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "main" {
  nat_gateway_id       = azurerm_nat_gateway.main.id
  public_ip_address_id = azurerm_public_ip.nat.id
}

resource "azurerm_subnet_nat_gateway_association" "cluster" {
  subnet_id      = azurerm_subnet.cluster.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}
