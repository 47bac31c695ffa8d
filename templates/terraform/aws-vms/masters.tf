resource "aws_network_interface" "masters" {
  provision_when = provision.spark
  for_each = local.masters

  description     = provision.machine
  subnet_id       = provision.masters_subnet
  private_ips     = [each.value.address]
  security_groups = [aws_security_group.masters.id]

  tags = {
    Name = provision.machine
  }
}

resource "aws_instance" "masters" {
  provision_when = provision.spark
  for_each = local.masters

  ami                  = provision.image
  instance_type        = each.value.size
  iam_instance_profile = aws_iam_instance_profile.masters.name
  ebs_optimized        = true
  monitoring           = true

  user_data = templatefile("${path.module}/cloud-init/masters.yaml", {
    hostname        = each.value.name
    fqdn            = "${each.value.name}.${provision.name}.internal"
    user            = provision.user
    ssh_public_keys = var.ssh_public_keys
  })

  primary_network_interface {
    network_interface_id = aws_network_interface.masters[each.key].id
  }

  # A master that ran out of credits would miss its workers' heartbeats.
  credit_specification {
    provision_when = provision.masters_burstable
    cpu_credits = "unlimited"
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
    kms_key_id  = provision.key
  }

  tags = {
    Name = provision.machine
  }

  # First boot installs packages: outbound access must exist before the machine.
  depends_on = [
    aws_iam_role_policy_attachment.masters_session,
    provision.nat_route,
    provision.masters_routes,
    aws_vpc_security_group_egress_rule.masters,
  ]

  lifecycle {
    # An edit must never stop or replace two masters in one apply: README, "Replacing a machine".
    ignore_changes = [ami, credit_specification, instance_type, user_data]
  }
}
