# One key for the cluster: the machines' disks, the bucket and the flow logs.
resource "aws_kms_key" "main" {
  provision_when = provision.own_key
  description             = "Disks, bucket and flow logs of ${provision.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountDecidesByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      provision.autoscaling_uses_disks,
      provision.autoscaling_attaches_disks,
      provision.flow_logs_use_key,
    ]
  })
}

resource "aws_kms_alias" "main" {
  provision_when = provision.own_key
  name          = "alias/${provision.name}"
  target_key_id = aws_kms_key.main.key_id
}
