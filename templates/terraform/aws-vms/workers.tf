resource "aws_launch_template" "workers" {
  provision_when = provision.spark
  name                   = "${provision.name}-workers"
  image_id               = provision.image
  instance_type          = provision.worker_size
  ebs_optimized          = true
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.workers.id]

  user_data = base64encode(templatefile("${path.module}/cloud-init/workers.yaml", {
    region          = provision.region
    user            = provision.user
    ssh_public_keys = var.ssh_public_keys
  }))

  iam_instance_profile {
    arn = aws_iam_instance_profile.workers.arn
  }

  instance_market_options {
    provision_when = provision.spot
    market_type = "spot"
  }

  # Metrics every minute: the alarms must not wait for five minutes.
  monitoring {
    enabled = true
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/sda1"

    ebs {
      volume_type           = "gp3"
      volume_size           = provision.worker_disk
      encrypted             = true
      kms_key_id            = provision.key
      delete_on_termination = true
    }
  }

  # The provider's default tags stop at the template; the group tags the instances.
  tag_specifications {
    resource_type = "volume"
    tags          = local.tags
  }

  tag_specifications {
    resource_type = "network-interface"
    tags          = local.tags
  }
}

resource "aws_autoscaling_group" "workers" {
  provision_when = provision.spark
  name                    = "${provision.name}-workers"
  service_linked_role_arn = aws_iam_service_linked_role.autoscaling.arn
  min_size                = provision.workers_min
  max_size                = provision.workers_max
  desired_capacity        = provision.workers_min
  default_instance_warmup = 300
  suspended_processes     = ["AZRebalance"] # it would end busy workers to even out the zones
  enabled_metrics         = ["GroupTerminatingInstances"]
  vpc_zone_identifier     = [for subnet in provision.workers_in : subnet.id]

  launch_template {
    id      = aws_launch_template.workers.id
    version = aws_launch_template.workers.latest_version
  }

  # A new worker first, then the old one drains: the cluster never shrinks by it.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 110
      auto_rollback          = true
    }
  }

  tag {
    key                 = "Name"
    value               = "${provision.name}-worker"
    propagate_at_launch = true
  }

  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  # First boot installs packages: outbound access must exist before the machine.
  depends_on = [
    aws_iam_role_policy_attachment.workers_session,
    provision.nat_route,
    provision.workers_routes,
    aws_vpc_security_group_egress_rule.workers,
  ]

  lifecycle {
    provision_when = provision.autoscales
    # The alarms change this number.
    ignore_changes = [desired_capacity]
  }
}

# Holds a worker that must go until it has decommissioned and says so, or for 15 minutes at most.
resource "aws_autoscaling_lifecycle_hook" "decommission" {
  provision_when = provision.spark
  name                   = "decommission"
  autoscaling_group_name = aws_autoscaling_group.workers.name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = 900
  default_result         = "CONTINUE"
}
