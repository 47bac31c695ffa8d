# A pool is a group for each zone:
# - A group's subnets are fixed: if a group spanned zones, adding a zone would replace it with all its nodes.
# - The cluster autoscaler sees only one zone of an empty group. Spanning zones, it would never grow for a pod that is
#   tied to another (by its volume or a selector), and rebalancing between zones would end nodes under running executors.
# With --balance-similar-node-groups the autoscaler spreads nodes itself, and turns to other zones when spot capacity runs
# out in one.
resource "aws_launch_template" "pools" {
  for_each = local.pools

  name                   = "${provision.name}-${each.key}"
  update_default_version = true

  # Here and not in the node group: there, another size would replace the group; here it rolls its nodes.
  instance_type = each.value.size

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = each.value.disk
      throughput            = each.value.throughput
      encrypted             = true
      kms_key_id            = provision.disk_key
      delete_on_termination = true
    }
  }

  # One hop ends at the node itself: a pod with its own address cannot assume the node's role.
  # What needs AWS from a pod has a pod identity.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # The provider's default tags do not reach what an auto scaling group launches.
  tag_specifications {
    resource_type = "instance"
    tags          = local.tags
  }

  tag_specifications {
    resource_type = "volume"
    tags          = local.tags
  }

  tag_specifications {
    resource_type = "network-interface"
    tags          = local.tags
  }
}
