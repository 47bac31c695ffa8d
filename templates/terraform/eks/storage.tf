resource "aws_kms_key" "data" {
  provision_when = provision.own_data_key
  description             = "Spark's data of the cluster ${provision.name}"
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

  lifecycle {
    # Without its key the bucket's data is lost as surely as without the bucket.
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "data" {
  provision_when = provision.own_data_key
  name          = "alias/${provision.name}-data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_s3_bucket" "data" {
  provision_when = provision.storage
  #checkov:skip=CKV_AWS_18: Access to objects is audited by the account's CloudTrail data events; server access logs would need a second, less guarded bucket.
  #checkov:skip=CKV_AWS_144: Checkpoints and event logs belong to jobs of this region; versions guard against deletion.
  #checkov:skip=CKV2_AWS_62: Nothing acts on new objects.
  bucket = provision.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "data" {
  provision_when = provision.storage
  bucket = aws_s3_bucket.data.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "data" {
  provision_when = provision.storage
  bucket = aws_s3_bucket.data.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  provision_when = provision.storage
  bucket = aws_s3_bucket.data.id

  rule {
    # Spark writes many small objects: a key for the bucket spares a KMS request for each.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = provision.data_key
    }
  }
}

resource "aws_s3_bucket_versioning" "data" {
  provision_when = provision.storage
  bucket = aws_s3_bucket.data.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Checkpoints are rewritten all the time; without this every version of them would be kept for ever.
resource "aws_s3_bucket_lifecycle_configuration" "data" {
  provision_when = provision.storage
  bucket = aws_s3_bucket.data.id

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    expiration {
      expired_object_delete_marker = true
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }

  depends_on = [aws_s3_bucket_versioning.data]
}

resource "aws_s3_bucket_policy" "data" {
  provision_when = provision.storage
  bucket = aws_s3_bucket.data.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TLSOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.data.arn, "${aws_s3_bucket.data.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.data]
}
