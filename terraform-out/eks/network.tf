resource "aws_vpc" "main" {
  cidr_block = "10.41.0.0/16"

  # The cluster's private endpoint is a name in the VPC's own DNS.
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = "analytics" }
}

# Adopted without rules, so that nothing works by being left in it.
resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "analytics-default" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "analytics" }
}

# Holds NAT gateways only. It lacks the tag kubernetes.io/role/elb on purpose:
# no Service can put a load balancer on the internet from here.
resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.name
  cidr_block        = each.value.public

  tags = { Name = "analytics-public-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "analytics-public" }
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_eip" "nat" {
  for_each = toset(values(local.nat_zones))

  domain = "vpc"

  tags = { Name = "analytics-nat-${each.key}" }

  depends_on = [aws_internet_gateway.main]
}

# With one for each zone, the loss of a zone leaves the others their outbound access.
resource "aws_nat_gateway" "main" {
  for_each = toset(values(local.nat_zones))

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "analytics-${each.key}" }

  depends_on = [aws_route.public, aws_route_table_association.public]
}

# Nodes, pods and the control plane's own interfaces.
resource "aws_subnet" "nodes" {
  for_each = local.zones

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.name
  cidr_block        = each.value.nodes

  tags = {
    Name                              = "analytics-nodes-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
  }
}

resource "aws_route_table" "nodes" {
  for_each = local.zones

  vpc_id = aws_vpc.main.id

  tags = { Name = "analytics-nodes-${each.key}" }
}

resource "aws_route" "nodes" {
  for_each = local.zones

  route_table_id         = aws_route_table.nodes[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[local.nat_zones[each.key]].id
}

resource "aws_route_table_association" "nodes" {
  for_each = local.zones

  subnet_id      = aws_subnet.nodes[each.key].id
  route_table_id = aws_route_table.nodes[each.key].id
}

# Checkpoints, event logs and the layers of ECR's images go this way, not through the NAT gateways that bill by the byte.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.eu-west-1.s3"
  vpc_endpoint_type = "Gateway"

  tags = { Name = "analytics-s3" }
}

resource "aws_vpc_endpoint_route_table_association" "s3" {
  for_each = local.zones

  vpc_endpoint_id = aws_vpc_endpoint.s3.id
  route_table_id  = aws_route_table.nodes[each.key].id
}
