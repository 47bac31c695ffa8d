resource "aws_eks_node_group" "provision.pool" {
  for_each = provision.table

  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "${provision.pool}-${each.key}"
  node_role_arn   = aws_iam_role.node.arn
  version         = aws_eks_cluster.main.version
  ami_type        = provision.ami
  capacity_type   = provision.capacity
  subnet_ids      = [provision.node_subnet]

  labels = { pool = provision.pool }

  taint {
    provision_when = provision.tainted
    key    = "pool"
    value  = provision.pool
    effect = "NO_SCHEDULE"
  }

  launch_template {
    id      = aws_launch_template.pools[provision.pool].id
    version = aws_launch_template.pools[provision.pool].latest_version
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
    provision_when = provision.autoscales
    # The cluster autoscaler sets this from the first apply on.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [
    aws_eks_addon.kube_proxy,
    aws_eks_addon.pod_identity_agent,
    aws_eks_addon.vpc_cni,
    aws_iam_role_policy_attachment.node,
    provision.nat_route,
    provision.node_routes,
  ]
}

# A node group's own tags do not reach its auto scaling group, where the cluster autoscaler looks: the first two tags
# are how it finds the group, the others what a node of an empty group would look like.
resource "aws_autoscaling_group_tag" "provision.tag_enabled" {
  provision_when = provision.autoscales
  for_each = provision.groups

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/enabled"
    value               = "true"
    propagate_at_launch = false
  }
}

resource "aws_autoscaling_group_tag" "provision.tag_cluster" {
  provision_when = provision.autoscales
  for_each = provision.groups

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/${provision.name}"
    value               = "owned"
    propagate_at_launch = false
  }
}

resource "aws_autoscaling_group_tag" "provision.tag_label_pool" {
  provision_when = provision.autoscales
  for_each = provision.groups

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/node-template/label/pool"
    value               = provision.pool
    propagate_at_launch = false
  }
}

resource "aws_autoscaling_group_tag" "provision.tag_taint_pool" {
  provision_when = provision.autoscales
  for_each = provision.groups

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/node-template/taint/pool"
    value               = "${provision.pool}:NoSchedule"
    propagate_at_launch = false
  }
}

# The size tells CPU and memory, not the disk: without this, executors that request ephemeral storage never get a node.
# It is what the kubelet leaves of the disk to pods.
resource "aws_autoscaling_group_tag" "provision.tag_ephemeral_storage" {
  provision_when = provision.autoscales
  for_each = provision.groups

  autoscaling_group_name = each.value.resources[0].autoscaling_groups[0].name

  tag {
    key                 = "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage"
    value               = provision.ephemeral_storage
    propagate_at_launch = false
  }
}
