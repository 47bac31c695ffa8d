variable "subscription_id" {
  description = "Azure subscription that the cluster is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id must be a UUID, as `az account show --query id` prints it."
  }
}

variable "image_version" {
  provision_when = provision.ubuntu
  description = "Version of Canonical's image, such as 24.04.202510010 (`az vm image list --publisher Canonical --offer OFFER --sku server --all` lists them); \"latest\" takes the newest for each new machine, so machines may then differ."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]+[.][0-9]+[.][0-9]+|latest)$", var.image_version))
    error_message = "A version has three numbers with dots between them, or is \"latest\"."
  }
}

variable "ssh_public_keys" {
  description = "Public keys, in OpenSSH's format, that the user ${provision.user} logs in with on every machine."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.ssh_public_keys) > 0
    error_message = "ssh_public_keys must hold at least one key: passwords are off."
  }

  validation {
    condition     = alltrue([for key in var.ssh_public_keys : can(regex("^(ssh-ed25519|ssh-rsa) [0-9A-Za-z+/]+={0,3}( .*)?$", key))])
    error_message = "Azure takes ssh-ed25519 and ssh-rsa public keys only."
  }
}

variable "alert_action_group_ids" {
  description = "Who is told when the machine of a member or a master is gone: ids of Azure Monitor's action groups. Empty shows alerts in the portal only."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.alert_action_group_ids : can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/microsoft.insights/actionGroups/[^/]+$", id))])
    error_message = "alert_action_group_ids must be resource ids, as `az monitor action-group list --query [].id` prints them."
  }
}
