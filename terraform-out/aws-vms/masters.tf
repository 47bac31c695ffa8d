resource "aws_network_interface" "masters" {
  for_each = local.masters

  description     = each.value.name
  subnet_id       = aws_subnet.masters[each.value.zone].id
  private_ips     = [each.value.address]
  security_groups = [aws_security_group.masters.id]

  tags = {
    Name = each.value.name
  }
}

resource "aws_instance" "masters" {
  for_each = local.masters

  ami                  = data.aws_ssm_parameter.ubuntu.insecure_value
  instance_type        = each.value.size
  iam_instance_profile = aws_iam_instance_profile.masters.name
  ebs_optimized        = true
  monitoring           = true

  user_data = templatefile("${path.module}/cloud-init/masters.yaml", {
    hostname        = each.value.name
    fqdn            = "${each.value.name}.analytics.internal"
    user            = "ubuntu"
    ssh_public_keys = var.ssh_public_keys
  })

  primary_network_interface {
    network_interface_id = aws_network_interface.masters[each.key].id
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 32
    encrypted   = true
    kms_key_id  = aws_kms_key.main.arn
  }

  tags = {
    Name = each.value.name
  }

  # First boot installs packages: outbound access must exist before the machine.
  depends_on = [
    aws_iam_role_policy_attachment.masters_session,
    aws_route.nat,
    aws_route_table_association.masters,
    aws_vpc_security_group_egress_rule.masters,
  ]

  lifecycle {
    # An edit must never stop or replace two masters in one apply: README, "Replacing a machine".
    ignore_changes = [ami, credit_specification, instance_type, user_data]
  }
}
