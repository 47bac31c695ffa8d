resource "aws_security_group" "zookeeper" {
  provision_when = provision.zookeeper
  name        = "${provision.name}-zookeeper"
  description = "ZooKeeper members"
  vpc_id      = provision.vpc

  tags = {
    Name = "${provision.name}-zookeeper"
  }
}

resource "aws_security_group" "masters" {
  provision_when = provision.spark
  name        = "${provision.name}-masters"
  description = "Spark masters"
  vpc_id      = provision.vpc

  tags = {
    Name = "${provision.name}-masters"
  }
}

resource "aws_security_group" "workers" {
  provision_when = provision.spark
  name        = "${provision.name}-workers"
  description = "Spark workers"
  vpc_id      = provision.vpc

  tags = {
    Name = "${provision.name}-workers"
  }
}

# Who may reach what. A row opens a listener of its tier to one other tier (or to its own).
locals {
  zookeeper_ingress = provision.zookeeper_ingress

  masters_ingress = provision.masters_ingress

  workers_ingress = provision.workers_ingress

  ssh_from = provision.ssh_from

  # Out: packages and the clouds' APIs; inside the network the receiving tier decides.
  egress = {
    http    = { to = "0.0.0.0/0", first = 80, last = 80 }
    https   = { to = "0.0.0.0/0", first = 443, last = 443 }
    network = { to = provision.network, first = 0, last = 65535 }
  }
}

resource "aws_vpc_security_group_ingress_rule" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.zookeeper_ingress

  security_group_id            = aws_security_group.zookeeper.id
  description                  = each.key
  referenced_security_group_id = each.value.from
  ip_protocol                  = "tcp"
  from_port                    = each.value.first
  to_port                      = each.value.last
}

resource "aws_vpc_security_group_ingress_rule" "masters" {
  provision_when = provision.spark
  for_each = local.masters_ingress

  security_group_id            = aws_security_group.masters.id
  description                  = each.key
  referenced_security_group_id = each.value.from
  ip_protocol                  = "tcp"
  from_port                    = each.value.first
  to_port                      = each.value.last
}

resource "aws_vpc_security_group_ingress_rule" "workers" {
  provision_when = provision.spark
  for_each = local.workers_ingress

  security_group_id            = aws_security_group.workers.id
  description                  = each.key
  referenced_security_group_id = each.value.from
  ip_protocol                  = "tcp"
  from_port                    = each.value.first
  to_port                      = each.value.last
}

resource "aws_vpc_security_group_ingress_rule" "zookeeper_ssh" {
  provision_when = provision.zookeeper_ssh
  for_each = toset(local.ssh_from)

  security_group_id = aws_security_group.zookeeper.id
  description       = "ssh"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "masters_ssh" {
  provision_when = provision.spark_ssh
  for_each = toset(local.ssh_from)

  security_group_id = aws_security_group.masters.id
  description       = "ssh"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "workers_ssh" {
  provision_when = provision.spark_ssh
  for_each = toset(local.ssh_from)

  security_group_id = aws_security_group.workers.id
  description       = "ssh"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_egress_rule" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.egress

  security_group_id = aws_security_group.zookeeper.id
  description       = each.key
  cidr_ipv4         = each.value.to
  ip_protocol       = "tcp"
  from_port         = each.value.first
  to_port           = each.value.last
}

resource "aws_vpc_security_group_egress_rule" "masters" {
  provision_when = provision.spark
  for_each = local.egress

  security_group_id = aws_security_group.masters.id
  description       = each.key
  cidr_ipv4         = each.value.to
  ip_protocol       = "tcp"
  from_port         = each.value.first
  to_port           = each.value.last
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  provision_when = provision.spark
  for_each = local.egress

  security_group_id = aws_security_group.workers.id
  description       = each.key
  cidr_ipv4         = each.value.to
  ip_protocol       = "tcp"
  from_port         = each.value.first
  to_port           = each.value.last
}
