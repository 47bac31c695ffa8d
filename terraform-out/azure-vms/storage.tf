resource "azurerm_storage_account" "main" {
  #checkov:skip=CKV_AZURE_33: only blobs are used, and the queue service has no endpoint that can be reached
  #checkov:skip=CKV_AZURE_206: a copy in each of three zones; the data is not to leave its region
  #checkov:skip=CKV2_AZURE_1: Microsoft's keys encrypt it unless the topology has storageEncryption; losing a customer-managed key loses all data
  name                            = "analyticsdata"
  location                        = azurerm_resource_group.main.location
  resource_group_name             = azurerm_resource_group.main.name
  account_kind                    = "StorageV2"
  account_tier                    = "Standard"
  account_replication_type        = "ZRS"
  is_hns_enabled                  = true
  min_tls_version                 = "TLS1_2"
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  local_user_enabled              = false
  allow_nested_items_to_be_public = false
  public_network_access_enabled   = false
  tags                            = local.tags

  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
  }

  blob_properties {
    delete_retention_policy {
      days = 7
    }

    container_delete_retention_policy {
      days = 7
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "main" {
  #checkov:skip=CKV2_AZURE_21: storage insights read the logs with a shared key, which the account refuses
  name                  = "spark"
  storage_account_id    = azurerm_storage_account.main.id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

# The driver for abfss:// uses dfs, and blob for what dfs lacks.
resource "azurerm_private_endpoint" "storage" {
  for_each = toset(["blob", "dfs"])

  name                = "analytics-${each.key}"
  location            = azurerm_resource_group.main.location
  resource_group_name = azurerm_resource_group.main.name
  subnet_id           = azurerm_subnet.endpoints.id
  tags                = local.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = azurerm_storage_account.main.id
    subresource_names              = [each.key]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = each.key
    private_dns_zone_ids = [azurerm_private_dns_zone.storage[each.key].id]
  }
}

resource "azurerm_private_dns_zone" "storage" {
  for_each = toset(["blob", "dfs"])

  name                = "privatelink.${each.key}.core.windows.net"
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "storage" {
  for_each = toset(["blob", "dfs"])

  name                = "analytics"
  private_dns_zone_id = azurerm_private_dns_zone.storage[each.key].id
  virtual_network_id  = azurerm_virtual_network.main.id
  tags                = local.tags
}
