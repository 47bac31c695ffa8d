# EventStore's files: a share for each of its nodes, over NFS. SMB from AKS would need the account's key in a Kubernetes
# secret, and has neither POSIX locks nor POSIX permissions.
locals {
  # One for each pod of the stateful set, by its ordinal.
  eventstore_nodes = provision.eventstore_nodes
}

resource "azurerm_storage_account" "eventstore" {
  #checkov:skip=CKV_AZURE_206: premium file shares exist as LRS and ZRS only, and the cluster is in one region
  #checkov:skip=CKV2_AZURE_1: encrypted twice, with platform keys unless the topology has storageEncryption
  #checkov:skip=CKV2_AZURE_38: asks for blobs' soft delete and this account has none; its shares' is below
  name                              = var.storage_account_name
  resource_group_name               = provision.group
  location                          = provision.place
  account_kind                      = "FileStorage"
  account_tier                      = "Premium"
  account_replication_type          = provision.replication
  min_tls_version                   = "TLS1_2"
  public_network_access_enabled     = false
  shared_access_key_enabled         = false
  allow_nested_items_to_be_public   = false
  local_user_enabled                = false
  infrastructure_encryption_enabled = true
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

  # With this, NFS too is refused unless it comes over TLS: volumes need encryptInTransit: "true".
  https_traffic_only_enabled = true

  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
  }

  share_properties {
    retention_policy {
      days = 14
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_share" "eventstore" {
  for_each = local.eventstore_nodes

  name               = each.value.share
  storage_account_id = azurerm_storage_account.eventstore.id
  enabled_protocol   = "NFS"
  quota              = each.value.size

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_management_lock" "eventstore" {
  provision_when = provision.lock_eventstore
  name       = "data"
  scope      = azurerm_storage_account.eventstore.id
  lock_level = "CanNotDelete"
  notes      = "The files of EventStore of ${provision.name}"

  # It holds for everything below, too: it is made last and removed first.
  depends_on = [
    azurerm_private_endpoint.files,
    azurerm_storage_share.eventstore,
  ]
}

resource "azurerm_private_dns_zone" "files" {
  provision_when = provision.own_files_zone
  name                = "privatelink.file.core.windows.net"
  resource_group_name = provision.group
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "files" {
  provision_when = provision.own_files_zone
  name                = provision.name
  private_dns_zone_id = azurerm_private_dns_zone.files.id
  virtual_network_id  = provision.network_id
  tags                = local.tags
}

resource "azurerm_private_endpoint" "files" {
  name                = "${provision.name}-files"
  resource_group_name = provision.group
  location            = provision.place
  subnet_id           = provision.id_endpoints
  tags                = local.tags

  private_service_connection {
    name                           = "files"
    private_connection_resource_id = azurerm_storage_account.eventstore.id
    subresource_names              = ["file"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "files"
    private_dns_zone_ids = [provision.files_zone]
  }
}

# NFS identifies no user: whoever reaches the port may read and write. So only the nodes may reach it.
resource "azurerm_network_security_rule" "endpoints_nfs" {
  provision_when = provision.endpoints
  name                        = "nfs"
  resource_group_name         = provision.group
  network_security_group_name = azurerm_network_security_group.endpoints.name
  priority                    = 110
  direction                   = "Inbound"
  access                      = "Allow"
  protocol                    = "Tcp"
  source_address_prefix       = provision.subnet_nodes
  source_port_range           = "*"
  destination_address_prefix  = provision.subnet_endpoints
  destination_port_range      = "2049"
}

output "eventstore_files_server" {
  description = "The host that volumes name as server."
  value       = azurerm_storage_account.eventstore.primary_file_host
}

output "eventstore_shares" {
  description = "The share of each pod, by its ordinal."
  value       = { for k, r in azurerm_storage_share.eventstore : k => r.name }
}
