variable "subscription_id" {
  description = "The Azure subscription that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.subscription_id))
    error_message = "A subscription id is a UUID in lower case, as \"az account show --query id\" prints it."
  }
}

variable "admin_group_object_ids" {
  description = "Object ids of the Entra groups whose members administer the cluster. Local accounts are off, so at least one."
  type        = list(string)

  validation {
    condition     = length(var.admin_group_object_ids) > 0
    error_message = "Without a group nobody could administer the cluster: its local accounts are off."
  }

  validation {
    condition     = alltrue([for id in var.admin_group_object_ids : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", id))])
    error_message = "Each is the object id of a group: a UUID in lower case, as \"az ad group show --query id\" prints it."
  }
}

variable "registry_name" {
  provision_when = provision.registry
  description = "The container registry's name. It becomes <name>.azurecr.io, so nobody else in the world may have it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{5,50}$", var.registry_name))
    error_message = "A registry's name has 5 to 50 lower-case letters and digits."
  }
}

variable "storage_account_name" {
  provision_when = provision.eventstore
  description = "The storage account that EventStore's files are in. Nobody else in the world may have the name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.storage_account_name))
    error_message = "A storage account's name has 3 to 24 lower-case letters and digits."
  }
}
