resource "aws_kms_key" "cluster" {
  provision_when = provision.own_keys
  description             = "Secrets of the EKS cluster ${provision.name}"
  deletion_window_in_days = 30
  enable_key_rotation     = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountByIAM"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
    ]
  })
}

resource "aws_kms_alias" "cluster" {
  provision_when = provision.own_keys
  name          = "alias/${provision.name}-cluster"
  target_key_id = aws_kms_key.cluster.key_id
}

resource "aws_eks_cluster" "main" {
  #checkov:skip=CKV_AWS_39: The public endpoint serves the topology's apiFrom ranges only; nodes use the private one.
  name     = provision.name
  version  = provision.version
  role_arn = aws_iam_role.cluster.arn

  # Every add-on is a resource in addons.tf.
  bootstrap_self_managed_addons = false

  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = provision.key
    }
  }

  kubernetes_network_config {
    service_ipv4_cidr = "172.20.0.0/16"
  }

  vpc_config {
    subnet_ids              = [for subnet in provision.nodes_in : subnet.id]
    endpoint_private_access = true
    endpoint_public_access  = provision.public
    public_access_cidrs     = provision.api_from
  }

  lifecycle {
    # EKS keeps the control plane in the zones it was made in; a zone added later gets nodes all the same.
    ignore_changes = [vpc_config[0].subnet_ids]
  }

  # Without its log group first, EKS makes one that has neither key nor retention;
  # without its role's policy, a destroy leaves network interfaces behind.
  depends_on = [
    aws_cloudwatch_log_group.cluster,
    aws_iam_role_policy_attachment.cluster,
  ]
}

# Nodes need no entry: EKS makes the one for the node groups' role itself.
resource "aws_eks_access_entry" "admin" {
  for_each = var.admin_principal_arns

  cluster_name  = aws_eks_cluster.main.name
  principal_arn = each.key
}

resource "aws_eks_access_policy_association" "admin" {
  for_each = var.admin_principal_arns

  cluster_name  = aws_eks_cluster.main.name
  principal_arn = aws_eks_access_entry.admin[each.key].principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}
