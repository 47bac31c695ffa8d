# For an ensemble that is lost as a whole: a single member that is lost gets its data from the others. A snapshot is like a disk after a power failure, which ZooKeeper's
# log is made for.
resource "aws_dlm_lifecycle_policy" "zookeeper" {
  provision_when = provision.backup
  description        = "Daily snapshots of the disks of the members of ${provision.name}"
  execution_role_arn = aws_iam_role.backup.arn
  state              = "ENABLED"

  policy_details {
    resource_types = ["VOLUME"]
    target_tags    = { provision-backup = provision.name }

    schedule {
      name      = "daily"
      copy_tags = true

      create_rule {
        interval      = 24
        interval_unit = "HOURS"
        times         = ["02:00"]
      }

      retain_rule {
        count = provision.backup_days
      }
    }
  }
}

resource "aws_iam_role" "backup" {
  provision_when = provision.backup
  name = "${provision.name}-backup"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "dlm.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "backup" {
  provision_when = provision.backup
  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole"
}
