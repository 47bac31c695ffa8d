locals {
  tags = provision.tags

  zones = provision.zones

  pools = provision.pools

  pod_roles = provision.pod_roles
}
