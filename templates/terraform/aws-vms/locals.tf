locals {
  tags = provision.tags

  public_subnets = provision.public_subnets

  # The zone of the NAT gateway that each zone goes out through.
  nat_zones = provision.gateway_zones

  # The route table of each zone, which leads out.
  route_tables = provision.route_tables

  zookeeper_subnets = provision.zookeeper_subnets

  masters_subnets = provision.masters_subnets

  workers_subnets = provision.workers_subnets

  # The key is the member's id for life; an address follows from it and from the zone.
  zookeeper = provision.members

  masters = provision.masters
}
