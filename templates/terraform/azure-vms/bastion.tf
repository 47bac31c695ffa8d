resource "azurerm_subnet" "bastion" {
  provision_when = provision.bastion
  name                 = "AzureBastionSubnet" # Azure looks for this name
  resource_group_name  = provision.group
  virtual_network_name = provision.network_name
  address_prefixes     = [provision.subnet_bastion]
}

resource "azurerm_public_ip" "bastion" {
  provision_when = provision.bastion
  name                = "${provision.name}-bastion"
  location            = provision.place
  resource_group_name = provision.group
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = provision.zones
  tags                = local.tags

  lifecycle {
    # Another list of zones would recreate the address.
    ignore_changes = [zones]
  }
}

resource "azurerm_bastion_host" "main" {
  provision_when = provision.bastion
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  sku                 = "Standard"
  tunneling_enabled   = true # plain ssh through `az network bastion tunnel`
  ip_connect_enabled  = true # to an address: a scale set's machines have no resource id that lasts
  copy_paste_enabled  = false
  tags                = local.tags

  ip_configuration {
    name                 = "primary"
    subnet_id            = azurerm_subnet.bastion.id
    public_ip_address_id = azurerm_public_ip.bastion.id
  }

  depends_on = [azurerm_subnet_network_security_group_association.bastion]
}
