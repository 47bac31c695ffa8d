provider "azurerm" {
  subscription_id = var.subscription_id

  # The storage account takes no shared keys.
  storage_use_azuread = true

  # Since its version 5 the provider registers none by itself.
  resource_providers_to_register = [
    "Microsoft.Compute",
    "Microsoft.Insights",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
  ]

  features {
    storage {
      # The storage account is reached from inside the network only, which need not be where Terraform runs.
      data_plane_available = false
    }
  }
}
