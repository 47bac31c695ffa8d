resource "aws_vpc" "main" {
  provision_when = provision.own_network
  cidr_block = provision.network

  # Both are needed for the private zone to be answered.
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = {
    Name = provision.name
  }
}

# Without rules: a machine that is put into no group by mistake reaches nothing.
resource "aws_default_security_group" "main" {
  provision_when = provision.own_network
  vpc_id = aws_vpc.main.id

  tags = {
    Name = "${provision.name}-default"
  }
}

# Only NAT gateways live here.
resource "aws_subnet" "public" {
  provision_when = provision.own_network
  for_each = local.public_subnets

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "${provision.name}-public-${each.key}"
  }
}

resource "aws_subnet" "zookeeper" {
  provision_when = provision.own_zookeeper_subnets
  for_each = local.zookeeper_subnets

  vpc_id            = provision.vpc
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "${provision.name}-zookeeper-${each.key}"
  }
}

resource "aws_subnet" "masters" {
  provision_when = provision.own_masters_subnets
  for_each = local.masters_subnets

  vpc_id            = provision.vpc
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "${provision.name}-masters-${each.key}"
  }
}

resource "aws_subnet" "workers" {
  provision_when = provision.own_workers_subnets
  for_each = local.workers_subnets

  vpc_id            = provision.vpc
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "${provision.name}-workers-${each.key}"
  }
}

resource "aws_internet_gateway" "main" {
  provision_when = provision.own_network
  vpc_id = aws_vpc.main.id

  tags = {
    Name = provision.name
  }
}

resource "aws_eip" "nat" {
  provision_when = provision.own_network
  for_each = toset(values(local.nat_zones))

  domain = "vpc"

  tags = {
    Name = "${provision.name}-nat-${each.key}"
  }

  depends_on = [aws_internet_gateway.main]
}

# With one for each zone, the loss of a zone leaves the others their outbound access.
resource "aws_nat_gateway" "main" {
  provision_when = provision.own_network
  for_each = toset(values(local.nat_zones))

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = {
    Name = "${provision.name}-${each.key}"
  }

  depends_on = [aws_internet_gateway.main]
}

resource "aws_route_table" "public" {
  provision_when = provision.own_network
  vpc_id = aws_vpc.main.id

  tags = {
    Name = "${provision.name}-public"
  }
}

resource "aws_route" "internet" {
  provision_when = provision.own_network
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  provision_when = provision.own_network
  for_each = local.public_subnets

  route_table_id = aws_route_table.public.id
  subnet_id      = aws_subnet.public[each.key].id
}

resource "aws_route_table" "private" {
  provision_when = provision.own_network
  for_each = local.public_subnets

  vpc_id = aws_vpc.main.id

  tags = {
    Name = "${provision.name}-private-${each.key}"
  }
}

resource "aws_route" "nat" {
  provision_when = provision.own_network
  for_each = local.public_subnets

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[local.nat_zones[each.key]].id
}

resource "aws_route_table_association" "zookeeper" {
  provision_when = provision.own_zookeeper_subnets
  for_each = local.zookeeper_subnets

  route_table_id = provision.zone_route_table
  subnet_id      = aws_subnet.zookeeper[each.key].id
}

resource "aws_route_table_association" "masters" {
  provision_when = provision.own_masters_subnets
  for_each = local.masters_subnets

  route_table_id = provision.zone_route_table
  subnet_id      = aws_subnet.masters[each.key].id
}

resource "aws_route_table_association" "workers" {
  provision_when = provision.own_workers_subnets
  for_each = local.workers_subnets

  route_table_id = provision.zone_route_table
  subnet_id      = aws_subnet.workers[each.key].id
}

# The way to the bucket: it costs nothing, where NAT would charge for every byte.
resource "aws_vpc_endpoint" "s3" {
  provision_when = provision.storage_endpoint
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${provision.region}.s3"
  vpc_endpoint_type = "Gateway"

  route_table_ids = [for table in aws_route_table.private : table.id]

  tags = {
    Name = "${provision.name}-s3"
  }
}
