provider "azurerm" {
  subscription_id = var.subscription_id

  # azurerm 5 registers nothing by itself; these are the ones that the resources here and AKS's add-ons need.
  resource_providers_to_register = [
    "Microsoft.Compute",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.Insights",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.OperationsManagement",
    "Microsoft.PolicyInsights",
    "Microsoft.Storage",
  ]

  features {
    storage {
      provision_when = provision.eventstore

      # The account's own endpoint is closed to the host that Terraform runs on.
      data_plane_available = false
    }
  }
}
