provider "azurerm" {
  subscription_id = var.subscription_id

  # The storage account takes no keys.
  storage_use_azuread = true

  # azurerm 5 registers none by itself.
  resource_providers_to_register = [
    "Microsoft.HDInsight",
    "Microsoft.Insights",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
  ]

  features {
    storage {
      # The account is closed to the public network, so Terraform stays on the management plane.
      data_plane_available = false
    }
  }
}
