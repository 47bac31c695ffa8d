resource "azurerm_private_dns_zone" "main" {
  name                = "analytics.internal"
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "main" {
  name                = "analytics"
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  virtual_network_id  = azurerm_virtual_network.main.id
  tags                = local.tags
}

resource "azurerm_private_dns_a_record" "zookeeper" {
  for_each = local.zookeeper

  name                = each.value.name
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  ttl                 = 300
  records             = [each.value.address]
  tags                = local.tags
}

resource "azurerm_private_dns_a_record" "masters" {
  for_each = local.masters

  name                = each.value.name
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  ttl                 = 300
  records             = [each.value.address]
  tags                = local.tags
}

resource "azurerm_private_dns_a_record" "load_balancer" {
  name                = "analytics-zk"
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  ttl                 = 300
  records             = ["10.20.0.10"]
  tags                = local.tags
}
