locals {
  tags = {
    provision-cluster = "analytics"
    managed-by        = "provision"
  }

  public_subnets = {
    a = { zone = "eu-west-1a", range = "10.21.0.0/24" }
    b = { zone = "eu-west-1b", range = "10.21.1.0/24" }
    c = { zone = "eu-west-1c", range = "10.21.2.0/24" }
  }

  # The zone of the NAT gateway that each zone goes out through.
  nat_zones = { a = "a", b = "b", c = "c" }

  zookeeper_subnets = {
    a = { zone = "eu-west-1a", range = "10.21.4.0/24" }
    b = { zone = "eu-west-1b", range = "10.21.5.0/24" }
    c = { zone = "eu-west-1c", range = "10.21.6.0/24" }
  }

  masters_subnets = {
    a = { zone = "eu-west-1a", range = "10.21.8.0/24" }
    b = { zone = "eu-west-1b", range = "10.21.9.0/24" }
    c = { zone = "eu-west-1c", range = "10.21.10.0/24" }
  }

  workers_subnets = {
    a = { zone = "eu-west-1a", range = "10.21.128.0/19" }
    b = { zone = "eu-west-1b", range = "10.21.160.0/19" }
    c = { zone = "eu-west-1c", range = "10.21.192.0/19" }
  }

  # The key is the member's id for life; an address follows from it and from the zone.
  zookeeper = {
    "1" = { name = "analytics-zk-1", address = "10.21.4.11", zone = "a", size = "t3.medium" }
    "2" = { name = "analytics-zk-2", address = "10.21.5.12", zone = "b", size = "t3.medium" }
    "3" = { name = "analytics-zk-3", address = "10.21.6.13", zone = "c", size = "t3.medium" }
  }

  masters = {
    "1" = { name = "analytics-master-1", address = "10.21.8.11", zone = "a", size = "m7i.xlarge" }
    "2" = { name = "analytics-master-2", address = "10.21.9.12", zone = "b", size = "m7i.xlarge" }
    "3" = { name = "analytics-master-3", address = "10.21.10.13", zone = "c", size = "m7i.xlarge" }
  }
}
