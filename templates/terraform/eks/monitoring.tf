resource "aws_kms_key" "logs" {
  provision_when = provision.own_keys
  description             = "Logs of the cluster ${provision.name}"
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
      {
        Sid       = "LogGroups"
        Effect    = "Allow"
        Principal = { Service = "logs.${provision.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          ArnEquals = {
            "kms:EncryptionContext:aws:logs:arn" = [
              "arn:aws:logs:${provision.region}:${var.account_id}:log-group:/aws/eks/${provision.name}/cluster",
              provision.flow_logs,
            ]
          }
        }
      },
    ]
  })
}

resource "aws_kms_alias" "logs" {
  provision_when = provision.own_keys
  name          = "alias/${provision.name}-logs"
  target_key_id = aws_kms_key.logs.key_id
}

# The name is EKS's choice.
resource "aws_cloudwatch_log_group" "cluster" {
  name              = "/aws/eks/${provision.name}/cluster"
  retention_in_days = 365
  kms_key_id        = provision.logs_key
}

resource "aws_cloudwatch_log_group" "flow" {
  provision_when = provision.own_network
  name              = "/aws/vpc/${provision.name}/flow"
  retention_in_days = 365
  kms_key_id        = provision.logs_key
}

resource "aws_iam_role" "flow" {
  provision_when = provision.own_network
  name = "${provision.name}-flow-logs"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "vpc-flow-logs.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:aws:ec2:${provision.region}:${var.account_id}:vpc-flow-log/*" }
        }
      },
    ]
  })
}

resource "aws_iam_role_policy" "flow" {
  provision_when = provision.own_network
  name = "write"
  role = aws_iam_role.flow.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.flow.arn}:*"
      },
      {
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "*"
      },
    ]
  })
}

resource "aws_flow_log" "main" {
  provision_when = provision.own_network
  vpc_id               = aws_vpc.main.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow.arn
  iam_role_arn         = aws_iam_role.flow.arn

  tags = { Name = provision.name }

  depends_on = [aws_iam_role_policy.flow]
}
