# Masters and workers reach the storage account as this identity: no key is stored on them.
resource "azurerm_user_assigned_identity" "main" {
  provision_when = provision.storage
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

# The one container, not the account.
resource "azurerm_role_assignment" "main" {
  provision_when = provision.storage
  scope                = azurerm_storage_container.main.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_user_assigned_identity.main.principal_id
  principal_type       = "ServicePrincipal"
}
