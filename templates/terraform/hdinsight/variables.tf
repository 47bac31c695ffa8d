variable "subscription_id" {
  description = "The Azure subscription to create the cluster in."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.subscription_id))
    error_message = "The subscription id is a UUID in lower case."
  }
}

variable "ssh_public_keys" {
  description = "Public keys that may log in as ${provision.ssh_user}. A change replaces the cluster (its data stays in the storage account)."
  type        = list(string)

  validation {
    condition     = length(var.ssh_public_keys) > 0
    error_message = "Give at least one public key: the nodes take no passwords."
  }

  validation {
    condition = alltrue([
      for key in var.ssh_public_keys : can(regex("^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*( [^\\n]*)?$", key))
    ])
    error_message = "Each key is one line in OpenSSH format: type, base64, and an optional comment."
  }
}

variable "gateway_password" {
  description = "Password of ${provision.gateway_user} at the cluster's gateway (Ambari, Livy). A change is applied in place."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.gateway_password) >= 10 && length(var.gateway_password) <= 72
    error_message = "The gateway password has 10 to 72 characters."
  }

  validation {
    condition = alltrue([
      for class in ["[0-9]", "[A-Z]", "[a-z]", "[^0-9A-Za-z]"] : can(regex(class, var.gateway_password))
    ])
    error_message = "The gateway password has a digit, an upper-case letter, a lower-case letter and another character."
  }

  validation {
    condition     = !can(regex("['\"`\\\\\\s]", var.gateway_password))
    error_message = "The gateway password has no quotes, backquotes, backslashes or spaces."
  }
}
