data "azurerm_resource_group" "existing" {
  provision_when = provision.existing_group
  name = provision.existing_group_name
}

data "azurerm_virtual_network" "existing" {
  provision_when = provision.existing_network
  name                = provision.existing_network_name
  resource_group_name = provision.existing_network_group

  lifecycle {
    postcondition {
      condition     = self.location == provision.location
      error_message = "The virtual network must be in the region of the cluster, ${provision.location}."
    }
  }
}
