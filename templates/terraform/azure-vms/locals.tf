locals {
  tags = provision.tags

  zookeeper = provision.members

  masters = provision.masters
}
