resource "aws_vpc" "main" {
  provision_when = provision.own_network
  cidr_block = provision.network

  # The cluster's private endpoint is a name in the VPC's own DNS.
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = provision.name }
}

# Adopted without rules, so that nothing works by being left in it.
resource "aws_default_security_group" "main" {
  provision_when = provision.own_network
  vpc_id = aws_vpc.main.id

  tags = { Name = "${provision.name}-default" }
}

resource "aws_internet_gateway" "main" {
  provision_when = provision.own_network
  vpc_id = aws_vpc.main.id

  tags = { Name = provision.name }
}

# Holds NAT gateways only. It lacks the tag kubernetes.io/role/elb on purpose:
# no Service can put a load balancer on the internet from here.
resource "aws_subnet" "public" {
  provision_when = provision.own_network
  for_each = local.zones

  vpc_id            = aws_vpc.main.id
  availability_zone = each.value.name
  cidr_block        = each.value.public

  tags = { Name = "${provision.name}-public-${each.key}" }
}

resource "aws_route_table" "public" {
  provision_when = provision.own_network
  vpc_id = aws_vpc.main.id

  tags = { Name = "${provision.name}-public" }
}

resource "aws_route" "public" {
  provision_when = provision.own_network
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  provision_when = provision.own_network
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_eip" "nat" {
  provision_when = provision.own_network
  for_each = toset(values(local.nat_zones))

  domain = "vpc"

  tags = { Name = "${provision.name}-nat-${each.key}" }

  depends_on = [aws_internet_gateway.main]
}

# With one for each zone, the loss of a zone leaves the others their outbound access.
resource "aws_nat_gateway" "main" {
  provision_when = provision.own_network
  for_each = toset(values(local.nat_zones))

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${provision.name}-${each.key}" }

  depends_on = [aws_route.public, aws_route_table_association.public]
}

# Nodes, pods and the control plane's own interfaces.
resource "aws_subnet" "nodes" {
  provision_when = provision.own_subnets
  for_each = local.zones

  vpc_id            = provision.vpc
  availability_zone = each.value.name
  cidr_block        = each.value.nodes

  tags = {
    Name                              = "${provision.name}-nodes-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
    "kubernetes.io/cluster/${provision.name}" = provision.subnet_owner
  }
}

resource "aws_route_table" "nodes" {
  provision_when = provision.own_network
  for_each = local.zones

  vpc_id = aws_vpc.main.id

  tags = { Name = "${provision.name}-nodes-${each.key}" }
}

resource "aws_route" "nodes" {
  provision_when = provision.own_network
  for_each = local.zones

  route_table_id         = aws_route_table.nodes[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[local.nat_zones[each.key]].id
}

resource "aws_route_table_association" "nodes" {
  provision_when = provision.own_subnets
  for_each = local.zones

  subnet_id      = aws_subnet.nodes[each.key].id
  route_table_id = provision.zone_route_table
}

# Checkpoints, event logs and the layers of ECR's images go this way, not through the NAT gateways that bill by the byte.
resource "aws_vpc_endpoint" "s3" {
  provision_when = provision.own_network
  vpc_id            = aws_vpc.main.id
  service_name      = "com.amazonaws.${provision.region}.s3"
  vpc_endpoint_type = "Gateway"

  tags = { Name = "${provision.name}-s3" }
}

resource "aws_vpc_endpoint_route_table_association" "s3" {
  provision_when = provision.own_network
  for_each = local.zones

  vpc_endpoint_id = aws_vpc_endpoint.s3.id
  route_table_id  = aws_route_table.nodes[each.key].id
}
