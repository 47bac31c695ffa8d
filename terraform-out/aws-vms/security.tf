resource "aws_security_group" "zookeeper" {
  name        = "analytics-zookeeper"
  description = "ZooKeeper members"
  vpc_id      = aws_vpc.main.id

  tags = {
    Name = "analytics-zookeeper"
  }
}

resource "aws_security_group" "masters" {
  name        = "analytics-masters"
  description = "Spark masters"
  vpc_id      = aws_vpc.main.id

  tags = {
    Name = "analytics-masters"
  }
}

resource "aws_security_group" "workers" {
  name        = "analytics-workers"
  description = "Spark workers"
  vpc_id      = aws_vpc.main.id

  tags = {
    Name = "analytics-workers"
  }
}

# Who may reach what. A row opens a listener of its tier to one other tier (or to its own).
locals {
  zookeeper_ingress = {
    client-from-masters     = { from = aws_security_group.masters.id, first = 2181, last = 2181 }
    peer-from-zookeeper     = { from = aws_security_group.zookeeper.id, first = 2888, last = 2888 }
    election-from-zookeeper = { from = aws_security_group.zookeeper.id, first = 3888, last = 3888 }
  }

  masters_ingress = {
    master-from-masters               = { from = aws_security_group.masters.id, first = 7077, last = 7077 }
    master-from-workers               = { from = aws_security_group.workers.id, first = 7077, last = 7077 }
    master-ui-from-masters            = { from = aws_security_group.masters.id, first = 8080, last = 8080 }
    master-ui-from-workers            = { from = aws_security_group.workers.id, first = 8080, last = 8080 }
    driver-from-masters               = { from = aws_security_group.masters.id, first = 7100, last = 7116 }
    driver-from-workers               = { from = aws_security_group.workers.id, first = 7100, last = 7116 }
    driver-block-manager-from-workers = { from = aws_security_group.workers.id, first = 7130, last = 7146 }
    driver-ui-from-masters            = { from = aws_security_group.masters.id, first = 4040, last = 4056 }
    driver-ui-from-workers            = { from = aws_security_group.workers.id, first = 4040, last = 4056 }
  }

  workers_ingress = {
    worker-from-masters        = { from = aws_security_group.masters.id, first = 7078, last = 7078 }
    worker-from-workers        = { from = aws_security_group.workers.id, first = 7078, last = 7078 }
    worker-ui-from-masters     = { from = aws_security_group.masters.id, first = 8081, last = 8081 }
    worker-ui-from-workers     = { from = aws_security_group.workers.id, first = 8081, last = 8081 }
    block-manager-from-masters = { from = aws_security_group.masters.id, first = 7160, last = 7176 }
    block-manager-from-workers = { from = aws_security_group.workers.id, first = 7160, last = 7176 }
  }

  ssh_from = ["203.0.113.0/24"]

  # Out: packages and the clouds' APIs; inside the network the receiving tier decides.
  egress = {
    http    = { to = "0.0.0.0/0", first = 80, last = 80 }
    https   = { to = "0.0.0.0/0", first = 443, last = 443 }
    network = { to = "10.21.0.0/16", first = 0, last = 65535 }
  }
}

resource "aws_vpc_security_group_ingress_rule" "zookeeper" {
  for_each = local.zookeeper_ingress

  security_group_id            = aws_security_group.zookeeper.id
  description                  = each.key
  referenced_security_group_id = each.value.from
  ip_protocol                  = "tcp"
  from_port                    = each.value.first
  to_port                      = each.value.last
}

resource "aws_vpc_security_group_ingress_rule" "masters" {
  for_each = local.masters_ingress

  security_group_id            = aws_security_group.masters.id
  description                  = each.key
  referenced_security_group_id = each.value.from
  ip_protocol                  = "tcp"
  from_port                    = each.value.first
  to_port                      = each.value.last
}

resource "aws_vpc_security_group_ingress_rule" "workers" {
  for_each = local.workers_ingress

  security_group_id            = aws_security_group.workers.id
  description                  = each.key
  referenced_security_group_id = each.value.from
  ip_protocol                  = "tcp"
  from_port                    = each.value.first
  to_port                      = each.value.last
}

resource "aws_vpc_security_group_ingress_rule" "zookeeper_ssh" {
  for_each = toset(local.ssh_from)

  security_group_id = aws_security_group.zookeeper.id
  description       = "ssh"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "masters_ssh" {
  for_each = toset(local.ssh_from)

  security_group_id = aws_security_group.masters.id
  description       = "ssh"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_ingress_rule" "workers_ssh" {
  for_each = toset(local.ssh_from)

  security_group_id = aws_security_group.workers.id
  description       = "ssh"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_egress_rule" "zookeeper" {
  for_each = local.egress

  security_group_id = aws_security_group.zookeeper.id
  description       = each.key
  cidr_ipv4         = each.value.to
  ip_protocol       = "tcp"
  from_port         = each.value.first
  to_port           = each.value.last
}

resource "aws_vpc_security_group_egress_rule" "masters" {
  for_each = local.egress

  security_group_id = aws_security_group.masters.id
  description       = each.key
  cidr_ipv4         = each.value.to
  ip_protocol       = "tcp"
  from_port         = each.value.first
  to_port           = each.value.last
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  for_each = local.egress

  security_group_id = aws_security_group.workers.id
  description       = each.key
  cidr_ipv4         = each.value.to
  ip_protocol       = "tcp"
  from_port         = each.value.first
  to_port           = each.value.last
}
