resource "aws_iam_role" "zookeeper" {
  provision_when = provision.zookeeper
  name = "${provision.name}-zookeeper"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_role" "masters" {
  provision_when = provision.spark
  name = "${provision.name}-masters"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_role" "workers" {
  provision_when = provision.spark
  name = "${provision.name}-workers"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })
}

resource "aws_iam_instance_profile" "zookeeper" {
  provision_when = provision.zookeeper
  name = aws_iam_role.zookeeper.name
  role = aws_iam_role.zookeeper.name
}

resource "aws_iam_instance_profile" "masters" {
  provision_when = provision.spark
  name = aws_iam_role.masters.name
  role = aws_iam_role.masters.name
}

resource "aws_iam_instance_profile" "workers" {
  provision_when = provision.spark
  name = aws_iam_role.workers.name
  role = aws_iam_role.workers.name
}

# What Session Manager needs and no more: AmazonSSMManagedInstanceCore would also read every parameter of the account.
resource "aws_iam_policy" "session" {
  #checkov:skip=CKV_AWS_290: an agent opens channels and reports for its own instance; actions of ssmmessages cannot be limited to resources
  #checkov:skip=CKV_AWS_355: the same five actions on * are AWS's own policy for this purpose, AWSCloud9SSMInstanceProfile
  name        = "${provision.name}-session"
  description = "Sessions through Session Manager"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "ssm:UpdateInstanceInformation",
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "zookeeper_session" {
  provision_when = provision.zookeeper
  role       = aws_iam_role.zookeeper.name
  policy_arn = aws_iam_policy.session.arn
}

resource "aws_iam_role_policy_attachment" "masters_session" {
  provision_when = provision.spark
  role       = aws_iam_role.masters.name
  policy_arn = aws_iam_policy.session.arn
}

resource "aws_iam_role_policy_attachment" "workers_session" {
  provision_when = provision.spark
  role       = aws_iam_role.workers.name
  policy_arn = aws_iam_policy.session.arn
}

# Drivers run on the masters, executors on the workers; ZooKeeper has no business with the data.
resource "aws_iam_policy" "storage" {
  provision_when = provision.storage
  name        = "${provision.name}-storage"
  description = "Objects of ${provision.bucket}"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = aws_s3_bucket.main.arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource = "${aws_s3_bucket.main.arn}/*"
      },
      {
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = provision.key
        Condition = { StringEquals = { "kms:ViaService" = "s3.${provision.region}.amazonaws.com" } }
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "masters_storage" {
  provision_when = provision.storage
  role       = aws_iam_role.masters.name
  policy_arn = aws_iam_policy.storage.arn
}

resource "aws_iam_role_policy_attachment" "workers_storage" {
  provision_when = provision.storage
  role       = aws_iam_role.workers.name
  policy_arn = aws_iam_policy.storage.arn
}

resource "aws_iam_role_policy" "workers_metrics" {
  provision_when = provision.spark
  name = "metrics"
  role = aws_iam_role.workers.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringEquals = { "cloudwatch:namespace" = "CWAgent" } }
      },
      {
        # The agent learns its group's name from its instance's tags.
        Effect   = "Allow"
        Action   = "ec2:DescribeTags"
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_role_policy" "workers_decommission" {
  provision_when = provision.spark
  name = "decommission"
  role = aws_iam_role.workers.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "autoscaling:CompleteLifecycleAction"
        Resource = aws_autoscaling_group.workers.arn
      },
    ]
  })
}

# A role of this group alone, so that the key of its disks is given to no other group of the account.
resource "aws_iam_service_linked_role" "autoscaling" {
  provision_when = provision.spark
  aws_service_name = "autoscaling.amazonaws.com"
  custom_suffix    = provision.name
  description      = "Starts and ends the workers of ${provision.name}"
}
