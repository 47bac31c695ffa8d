resource "aws_vpc" "main" {
  cidr_block = "10.21.0.0/16"

  # Both are needed for the private zone to be answered.
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = {
    Name = "analytics"
  }
}

# Without rules: a machine that is put into no group by mistake reaches nothing.
resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id

  tags = {
    Name = "analytics-default"
  }
}

# Only NAT gateways live here.
resource "aws_subnet" "public" {
  for_each = local.public_subnets

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "analytics-public-${each.key}"
  }
}

resource "aws_subnet" "zookeeper" {
  for_each = local.zookeeper_subnets

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "analytics-zookeeper-${each.key}"
  }
}

resource "aws_subnet" "masters" {
  for_each = local.masters_subnets

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "analytics-masters-${each.key}"
  }
}

resource "aws_subnet" "workers" {
  for_each = local.workers_subnets

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.zone
  cidr_block        = each.value.range

  tags = {
    Name = "analytics-workers-${each.key}"
  }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id

  tags = {
    Name = "analytics"
  }
}

resource "aws_eip" "nat" {
  for_each = toset(values(local.nat_zones))

  domain = "vpc"

  tags = {
    Name = "analytics-nat-${each.key}"
  }

  depends_on = [aws_internet_gateway.main]
}

# With one for each zone, the loss of a zone leaves the others their outbound access.
resource "aws_nat_gateway" "main" {
  for_each = toset(values(local.nat_zones))

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = {
    Name = "analytics-${each.key}"
  }

  depends_on = [aws_internet_gateway.main]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  tags = {
    Name = "analytics-public"
  }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each = local.public_subnets

  route_table_id = aws_route_table.public.id
  subnet_id      = aws_subnet.public[each.key].id
}

resource "aws_route_table" "private" {
  for_each = local.public_subnets

  vpc_id = aws_vpc.main.id

  tags = {
    Name = "analytics-private-${each.key}"
  }
}

resource "aws_route" "nat" {
  for_each = local.public_subnets

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[local.nat_zones[each.key]].id
}

resource "aws_route_table_association" "zookeeper" {
  for_each = local.zookeeper_subnets

  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = aws_subnet.zookeeper[each.key].id
}

resource "aws_route_table_association" "masters" {
  for_each = local.masters_subnets

  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = aws_subnet.masters[each.key].id
}

resource "aws_route_table_association" "workers" {
  for_each = local.workers_subnets

  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = aws_subnet.workers[each.key].id
}

# The way to the bucket: it costs nothing, where NAT would charge for every byte.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.eu-west-1.s3"
  vpc_endpoint_type = "Gateway"

  route_table_ids = [for table in aws_route_table.private : table.id]

  tags = {
    Name = "analytics-s3"
  }
}
