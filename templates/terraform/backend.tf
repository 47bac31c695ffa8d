terraform {
  backend "local" { provision_when = provision.state_local }

  backend "azurerm" {
    provision_when       = provision.state_blob
    resource_group_name  = provision.state_group
    storage_account_name = provision.state_account
    container_name       = provision.state_container
    key                  = provision.state_key
    use_azuread_auth     = true
  }

  backend "s3" {
    provision_when = provision.state_object
    bucket         = provision.state_bucket
    key            = provision.state_key
    region         = provision.state_region
    encrypt        = true
    use_lockfile   = true
  }
}
