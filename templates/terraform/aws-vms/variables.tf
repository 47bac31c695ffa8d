variable "account_id" {
  description = "AWS account that the cluster belongs to."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An AWS account id has 12 digits."
  }
}

variable "image_serial" {
  provision_when = provision.ubuntu
  description = "Serial of Canonical's Ubuntu ${provision.ubuntu_release} image, such as 20250101 (\"current\" follows the newest and rolls the workers whenever there is one)."
  type        = string

  validation {
    condition     = can(regex("^([0-9]{8}([.][0-9]+)?|current)$", var.image_serial))
    error_message = "A serial is a date as YYYYMMDD, with .N for a second image of that day, or \"current\"."
  }
}

variable "ssh_public_keys" {
  description = "OpenSSH public keys of those who may log in as ${provision.user}."
  type        = list(string)

  validation {
    condition     = length(var.ssh_public_keys) > 0
    error_message = "At least one public key is needed: the machines take no passwords."
  }

  validation {
    condition     = alltrue([for key in var.ssh_public_keys : can(regex("^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh[.]com) [A-Za-z0-9+/]+={0,2}( [^\\n]*)?$", key))])
    error_message = "Each must be one line of an OpenSSH public key, such as \"ssh-ed25519 AAAA... name\"."
  }
}
