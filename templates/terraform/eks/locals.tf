locals {
  tags = provision.tags

  zones = provision.zones

  # The zone of the NAT gateway that each zone goes out through.
  nat_zones = provision.gateway_zones

  # The route table of each zone, which leads out.
  route_tables = provision.route_tables

  pools = provision.pools

  pod_roles = provision.pod_roles
}
