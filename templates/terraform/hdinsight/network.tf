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

resource "azurerm_subnet" "cluster" {
  provision_when = provision.own_subnets
  name                            = "${provision.subnet_prefix}cluster"
  resource_group_name             = provision.network_group
  virtual_network_name            = provision.network_name
  address_prefixes                = [provision.subnet_cluster]
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
  provision_when = provision.own_subnets
  name                = "${provision.name}-cluster"
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_network_security_rule" "cluster" {
  provision_when = provision.own_subnets
  name                        = "cluster"
  resource_group_name         = provision.group
  network_security_group_name = azurerm_network_security_group.cluster.name
  priority                    = 100
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_address_prefix       = provision.subnet_cluster
  source_port_range           = "*"
  destination_address_prefix  = provision.subnet_cluster
  destination_port_range      = "*"
}

resource "azurerm_network_security_rule" "load_balancer" {
  provision_when = provision.own_subnets
  name                        = "load-balancer"
  resource_group_name         = provision.group
  network_security_group_name = azurerm_network_security_group.cluster.name
  priority                    = 110
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "*"
  source_address_prefix       = "AzureLoadBalancer"
  source_port_range           = "*"
  destination_address_prefix  = provision.subnet_cluster
  destination_port_range      = "*"
}

# Ambari and Livy (443), ssh (22): from this network and those peered with it.
resource "azurerm_network_security_rule" "clients" {
  provision_when = provision.own_subnets
  name                        = "clients"
  resource_group_name         = provision.group
  network_security_group_name = azurerm_network_security_group.cluster.name
  priority                    = 120
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = "VirtualNetwork"
  source_port_range           = "*"
  destination_address_prefix  = provision.subnet_cluster
  destination_port_ranges     = ["22", "443"]
}

# The default rules would let the whole of VirtualNetwork in.
resource "azurerm_network_security_rule" "deny" {
  provision_when = provision.own_subnets
  name                        = "deny"
  resource_group_name         = provision.group
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
  provision_when = provision.own_subnets
  subnet_id                 = azurerm_subnet.cluster.id
  network_security_group_id = azurerm_network_security_group.cluster.id
}

# Outbound access: a private link cluster sits behind standard load balancers, which give none.
resource "azurerm_public_ip" "nat" {
  provision_when = provision.nat
  name                = "${provision.name}-nat"
  location            = provision.place
  resource_group_name = provision.group
  allocation_method   = "Static"
  sku                 = "Standard"
  tags                = local.tags
}

resource "azurerm_nat_gateway" "main" {
  provision_when = provision.nat
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  sku_name            = "Standard"
  tags                = local.tags
}

resource "azurerm_nat_gateway_public_ip_association" "main" {
  provision_when = provision.nat
  nat_gateway_id       = azurerm_nat_gateway.main.id
  public_ip_address_id = azurerm_public_ip.nat.id
}

resource "azurerm_subnet_nat_gateway_association" "cluster" {
  provision_when = provision.nat
  subnet_id      = azurerm_subnet.cluster.id
  nat_gateway_id = azurerm_nat_gateway.main.id
}

resource "azurerm_subnet_route_table_association" "cluster" {
  provision_when = provision.routed
  subnet_id      = azurerm_subnet.cluster.id
  route_table_id = provision.route_table
}
