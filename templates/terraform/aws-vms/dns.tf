resource "aws_route53_zone" "main" {
  name    = "${provision.name}.internal"
  comment = "Stable names of the cluster's members and masters."

  vpc {
    vpc_id = provision.vpc
  }
}

resource "aws_route53_record" "zookeeper" {
  provision_when = provision.zookeeper
  #checkov:skip=CKV2_AWS_23: the address is that of the member's network interface, from the same row of the table
  for_each = local.zookeeper

  zone_id = aws_route53_zone.main.zone_id
  name    = "${each.value.name}.${provision.name}.internal"
  type    = "A"
  ttl     = 300
  records = [each.value.address]
}

resource "aws_route53_record" "masters" {
  provision_when = provision.spark
  #checkov:skip=CKV2_AWS_23: the address is that of the master's network interface, from the same row of the table
  for_each = local.masters

  zone_id = aws_route53_zone.main.zone_id
  name    = "${each.value.name}.${provision.name}.internal"
  type    = "A"
  ttl     = 300
  records = [each.value.address]
}
