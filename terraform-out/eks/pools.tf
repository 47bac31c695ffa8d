# A pool is a group for each zone:
# - A group's subnets are fixed: if a group spanned zones, adding a zone would replace it with all its nodes.
# - The cluster autoscaler sees only one zone of an empty group. Spanning zones, it would never grow for a pod that is
#   tied to another (by its volume or a selector), and rebalancing between zones would end nodes under running executors.
# With --balance-similar-node-groups the autoscaler spreads nodes itself, and turns to other zones when spot capacity runs
# out in one.
resource "aws_launch_template" "pools" {
  for_each = local.pools

  name                   = "analytics-${each.key}"
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

resource "aws_eks_node_group" "executors" {
  for_each = {
    a = { min = 0, max = 7 }
    b = { min = 0, max = 7 }
    c = { min = 0, max = 6 }
  }

  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "executors-${each.key}"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "SPOT"
  subnet_ids      = [aws_subnet.nodes[each.key].id]

  labels = { pool = "executors" }

  taint {
    key    = "pool"
    value  = "executors"
    effect = "NO_SCHEDULE"
  }

  launch_template {
    id      = aws_launch_template.pools["executors"].id
    version = aws_launch_template.pools["executors"].latest_version
  }

  scaling_config {
    desired_size = each.value.min
    min_size     = each.value.min
    max_size     = each.value.max
  }

  update_config {
    max_unavailable_percentage = 33
  }

  lifecycle {
    # The cluster autoscaler sets this from the first apply on.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [
    aws_eks_addon.kube_proxy,
    aws_eks_addon.pod_identity_agent,
    aws_eks_addon.vpc_cni,
    aws_iam_role_policy_attachment.node,
    aws_route.nodes,
    aws_route_table_association.nodes,
  ]
}

# A node group's own tags do not reach its auto scaling group, where the cluster autoscaler looks: the first two tags
# are how it finds the group, the others what a node of an empty group would look like.
resource "aws_autoscaling_group_tag" "executors_enabled" {
  for_each = aws_eks_node_group.executors

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/enabled"
    value               = "true"
    propagate_at_launch = false
  }
}

resource "aws_autoscaling_group_tag" "executors_cluster" {
  for_each = aws_eks_node_group.executors

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/analytics"
    value               = "owned"
    propagate_at_launch = false
  }
}

resource "aws_autoscaling_group_tag" "executors_label_pool" {
  for_each = aws_eks_node_group.executors

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/node-template/label/pool"
    value               = "executors"
    propagate_at_launch = false
  }
}

resource "aws_autoscaling_group_tag" "executors_taint_pool" {
  for_each = aws_eks_node_group.executors

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/node-template/taint/pool"
    value               = "executors:NoSchedule"
    propagate_at_launch = false
  }
}

# The size tells CPU and memory, not the disk: without this, executors that request ephemeral storage never get a node.
# It is what the kubelet leaves of the disk to pods.
resource "aws_autoscaling_group_tag" "executors_ephemeral_storage" {
  for_each = aws_eks_node_group.executors

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage"
    value               = "170Gi"
    propagate_at_launch = false
  }
}

resource "aws_eks_node_group" "system" {
  for_each = {
    a = { min = 1, max = 1 }
    b = { min = 1, max = 1 }
    c = { min = 1, max = 1 }
  }

  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "system-${each.key}"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"
  subnet_ids      = [aws_subnet.nodes[each.key].id]

  labels = { pool = "system" }

  launch_template {
    id      = aws_launch_template.pools["system"].id
    version = aws_launch_template.pools["system"].latest_version
  }

  scaling_config {
    desired_size = each.value.min
    min_size     = each.value.min
    max_size     = each.value.max
  }

  update_config {
    max_unavailable_percentage = 33
  }

  depends_on = [
    aws_eks_addon.kube_proxy,
    aws_eks_addon.pod_identity_agent,
    aws_eks_addon.vpc_cni,
    aws_iam_role_policy_attachment.node,
    aws_route.nodes,
    aws_route_table_association.nodes,
  ]
}
