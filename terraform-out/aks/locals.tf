locals {
  tags = {
    provision-cluster = "analytics"
    managed-by        = "provision"
  }
}
