resource "azurerm_storage_account" "main" {
  #checkov:skip=CKV2_AZURE_1: encrypted twice (infrastructure encryption), with Microsoft's keys unless the topology has storageEncryption
  #checkov:skip=CKV_AZURE_33: no queues here, and keys and public network are off
  #checkov:skip=CKV_AZURE_206: ZRS keeps a copy in each zone; the data stays in the region that the topology names
  name                              = provision.storage_account
  location                          = provision.place
  resource_group_name               = provision.group
  account_kind                      = "StorageV2"
  account_tier                      = "Standard"
  account_replication_type          = provision.replication
  is_hns_enabled                    = true
  min_tls_version                   = "TLS1_2"
  infrastructure_encryption_enabled = true
  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  local_user_enabled                = false
  allow_nested_items_to_be_public   = false
  public_network_access_enabled     = false
  tags                              = local.tags

  identity {
    provision_when = provision.storage_encryption
    type         = "UserAssigned"
    identity_ids = [provision.storage_key_identity]
  }

  customer_managed_key {
    provision_when = provision.storage_encryption
    key_vault_key_id          = provision.storage_key_id
    user_assigned_identity_id = provision.storage_key_identity
  }

  # HDInsight, as a trusted service, writes the first contents of a new cluster's file system.
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

  sas_policy {
    expiration_period = "00.01:00:00"
  }

  # The data outlives the cluster.
  lifecycle {
    prevent_destroy = true
  }
}

# With a hierarchical namespace a container is a file system, and unlike
# azurerm_storage_data_lake_gen2_filesystem it is made without the public data plane.
resource "azurerm_storage_container" "main" {
  #checkov:skip=CKV2_AZURE_21: a diagnostic setting logs writes and deletes; reads would be one for every range of every file
  name                  = provision.storage_container
  storage_account_id    = azurerm_storage_account.main.id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_private_dns_zone" "storage" {
  provision_when = provision.own_zones
  for_each = local.storage_endpoints

  name                = each.value.zone
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "storage" {
  provision_when = provision.own_zones
  for_each = local.storage_endpoints

  name                = provision.name
  private_dns_zone_id = azurerm_private_dns_zone.storage[each.key].id
  virtual_network_id  = provision.network_id
  tags                = local.tags

  # HDInsight's own accounts are not in this zone: those names go on to public DNS.
  resolution_policy = "NxDomainRedirect"
}

resource "azurerm_private_endpoint" "storage" {
  for_each = local.storage_endpoints

  name                = "${provision.storage_account}-${each.key}"
  location            = provision.place
  resource_group_name = provision.group
  subnet_id           = provision.id_cluster
  tags                = local.tags

  private_service_connection {
    name                           = "${provision.storage_account}-${each.key}"
    private_connection_resource_id = azurerm_storage_account.main.id
    subresource_names              = [each.key]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [provision.storage_zone]
  }
}

# The data cannot be deleted by mistake, not even in the portal.
resource "azurerm_management_lock" "storage" {
  provision_when = provision.locks
  name       = "data"
  scope      = azurerm_storage_account.main.id
  lock_level = "CanNotDelete"
  notes      = "The data of ${provision.name}"

  # It holds for everything below, too: it is made last and removed first.
  depends_on = [
    azurerm_monitor_diagnostic_setting.storage,
    azurerm_private_endpoint.storage,
    azurerm_role_assignment.storage,
    azurerm_storage_container.main,
  ]
}
