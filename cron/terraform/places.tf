# What a run leaves behind, and where what fails is kept.

resource "aws_s3_bucket" "reports" {
  bucket_prefix       = "${lower(var.name)}-reports-"
  object_lock_enabled = local.is_locked
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "reports" {
  bucket = aws_s3_bucket.reports.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "reports" {
  bucket = aws_s3_bucket.reports.id
  rule {
    bucket_key_enabled = local.has_reports_key ? true : null
    apply_server_side_encryption_by_default {
      sse_algorithm     = local.has_reports_key ? "aws:kms" : "AES256"
      kms_master_key_id = local.has_reports_key ? var.reports_key_arn : null
    }
  }
}

resource "aws_s3_bucket_public_access_block" "reports" {
  bucket                  = aws_s3_bucket.reports.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "reports" {
  bucket = aws_s3_bucket.reports.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "reports" {
  count  = local.is_locked ? 1 : 0
  bucket = aws_s3_bucket.reports.id
  rule {
    default_retention {
      mode = var.object_lock_mode
      days = var.object_lock_days
    }
  }
  depends_on = [aws_s3_bucket_versioning.reports]
}

# In a versioned bucket the first expiration hides an object, the second deletes it. Dated reports alone:
# an acknowledgement, or the memory of what was told, that ended with its age would change what the next
# night says. In latest/ only what was replaced is deleted.
resource "aws_s3_bucket_lifecycle_configuration" "reports" {
  bucket = aws_s3_bucket.reports.id
  rule {
    id     = "expire"
    status = "Enabled"
    filter {
      prefix = "schema-drift/2"
    }
    expiration {
      days = var.report_days
    }
    noncurrent_version_expiration {
      noncurrent_days = var.report_days
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
  rule {
    id     = "replaced"
    status = "Enabled"
    filter {
      prefix = "schema-drift/latest/"
    }
    noncurrent_version_expiration {
      noncurrent_days = var.report_days
    }
  }
  rule {
    id     = "tidy"
    status = "Enabled"
    filter {}
    expiration {
      expired_object_delete_marker = true
    }
  }
  depends_on = [aws_s3_bucket_versioning.reports]
}

resource "aws_s3_bucket_policy" "reports" {
  bucket     = aws_s3_bucket.reports.id
  policy     = jsonencode(local.documents["bucket"])
  depends_on = [aws_s3_bucket_public_access_block.reports]
}

# For the roles of people, who attach it themselves. Acknowledging is theirs alone: the role of the
# check, which could otherwise silence itself, may not.
resource "aws_iam_policy" "people" {
  name_prefix = "${var.name}-people-"
  description = "Reads the reports of schema-drift and acknowledges drift"
  policy      = jsonencode(local.documents["people"])
}

# Not under a KMS key: with AWS's own alias/aws/sns CloudWatch's alarms could not publish, and a message
# holds revision ids and names, never a secret.
resource "aws_sns_topic" "alerts" {
  name         = "${var.name}-alerts"
  display_name = "schema-drift"
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RefusePlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alerts.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "LetAlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alerts.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.alert_email != "" ? 1 : 0
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = var.alert_email
}

# Events that could not be handed to the function, and those that it failed on three times.
resource "aws_sqs_queue" "failed" {
  name_prefix               = "${var.name}-failed-"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "failed" {
  queue_url = aws_sqs_queue.failed.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RefusePlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.failed.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "LetTheRulesKeepWhatFailed"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.failed.arn
        Condition = { ArnEquals = { "aws:SourceArn" = [for name in sort(keys(local.rules)) : aws_cloudwatch_event_rule.this[name].arn] } }
      },
    ]
  })
}
