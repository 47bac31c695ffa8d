provider "aws" {
  region = "eu-west-1"

  # Credentials for another account stop the plan instead of building the cluster there.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = local.tags
  }
}
