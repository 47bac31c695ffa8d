locals {
  tags = provision.tags
}
