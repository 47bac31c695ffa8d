provider "aws" {
  region = provision.region

  # Another account's credentials in the shell end in an error, not in a second cluster.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = local.tags
  }
}
