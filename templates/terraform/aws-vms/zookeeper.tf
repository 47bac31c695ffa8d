resource "aws_network_interface" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.zookeeper

  description     = provision.machine
  subnet_id       = provision.zookeeper_subnet
  private_ips     = [each.value.address]
  security_groups = [aws_security_group.zookeeper.id]

  tags = {
    Name = provision.machine
  }
}

resource "aws_ebs_volume" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.zookeeper

  availability_zone = provision.zone_name
  type              = "gp3"
  size              = provision.zookeeper_disk
  encrypted         = true
  kms_key_id        = provision.key

  tags = {
    Name             = "${provision.machine}-data"
    provision-backup = provision.backup_tag
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_instance" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.zookeeper

  ami                  = provision.image
  instance_type        = each.value.size
  iam_instance_profile = aws_iam_instance_profile.zookeeper.name
  ebs_optimized        = true
  monitoring           = true

  user_data = templatefile("${path.module}/cloud-init/zookeeper.yaml", {
    hostname        = each.value.name
    fqdn            = "${each.value.name}.${provision.name}.internal"
    user            = provision.user
    ssh_public_keys = var.ssh_public_keys
    directory       = provision.data_dir
    volume_id       = aws_ebs_volume.zookeeper[each.key].id
  })

  primary_network_interface {
    network_interface_id = aws_network_interface.zookeeper[each.key].id
  }

  # A member that ran out of credits would miss its heartbeats and cost an election.
  credit_specification {
    provision_when = provision.zookeeper_burstable
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
    aws_iam_role_policy_attachment.zookeeper_session,
    provision.nat_route,
    provision.zookeeper_routes,
    aws_vpc_security_group_egress_rule.zookeeper,
  ]

  lifecycle {
    # An edit must never stop or replace two members in one apply: README, "Replacing a machine".
    ignore_changes = [ami, credit_specification, instance_type, user_data]
  }
}

resource "aws_volume_attachment" "zookeeper" {
  provision_when = provision.zookeeper
  for_each = local.zookeeper

  device_name = "/dev/sdf"
  instance_id = aws_instance.zookeeper[each.key].id
  volume_id   = aws_ebs_volume.zookeeper[each.key].id

  # The file system is mounted: the machine is stopped, which ends ZooKeeper and unmounts it, before the disk is detached.
  stop_instance_before_detaching = true
}
