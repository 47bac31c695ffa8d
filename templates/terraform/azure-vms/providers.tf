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
    provision.recovery_services,
    "Microsoft.Storage",
  ]

  features {
    recovery_service {
      provision_when = provision.backup

      # Backups outlive the machine that is replaced.
      vm_backup_stop_protection_and_retain_data_on_destroy = true
    }

    storage {
      # The storage account is reached from inside the network only, which need not be where Terraform runs.
      data_plane_available = false
    }
  }
}
