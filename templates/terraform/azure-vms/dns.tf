resource "azurerm_private_dns_zone" "main" {
  name                = "${provision.name}.internal"
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "main" {
  name                = provision.name
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  virtual_network_id  = provision.network_id
  tags                = local.tags
}

resource "azurerm_private_dns_a_record" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.zookeeper

  name                = each.value.name
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  ttl                 = 300
  records             = [each.value.address]
  tags                = local.tags
}

resource "azurerm_private_dns_a_record" "masters" {
  provision_when = provision.spark
  for_each = local.masters

  name                = each.value.name
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  ttl                 = 300
  records             = [each.value.address]
  tags                = local.tags
}

resource "azurerm_private_dns_a_record" "load_balancer" {
  provision_when = provision.load_balancer
  name                = "${provision.name}-zk"
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  ttl                 = 300
  records             = [provision.load_balancer_address]
  tags                = local.tags
}
