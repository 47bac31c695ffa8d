locals {
  tags = provision.tags

  zones = provision.zones

  # The zone of the NAT gateway that each zone goes out through.
  nat_zones = provision.gateway_zones

  pools = provision.pools

  pod_roles = provision.pod_roles
}
