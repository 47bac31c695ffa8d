resource "azurerm_user_assigned_identity" "main" {
  name                = provision.name
  location            = provision.place
  resource_group_name = provision.group
  tags                = local.tags
}

# HDInsight sets owners and ACLs in the file system: Contributor is not enough, and it wants the account as scope.
resource "azurerm_role_assignment" "storage" {
  scope                = azurerm_storage_account.main.id
  role_definition_name = "Storage Blob Data Owner"
  principal_id         = azurerm_user_assigned_identity.main.principal_id
  principal_type       = "ServicePrincipal"
}
