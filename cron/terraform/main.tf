# The nightly run of schema-drift in one AWS account: the function, its role, the bucket with the
# reports, the topic with the alerts, the schedule, alarms. The same as cron/cloudformation.yaml, less the
# SQL API's function and the dashboard. docs/operations.md tells how it is used.
#
# The rights are read from cron/*.json, which the CloudFormation template is compared with, too.

data "aws_caller_identity" "this" {}
data "aws_partition" "this" {}
data "aws_region" "this" {}

locals {
  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.name
  function  = "${var.name}-check"

  has_token       = var.github_token_secret_arn != ""
  has_reports_key = var.reports_key_arn != ""
  has_secrets_key = var.secrets_key_arn != ""
  has_summary     = var.summary_schedule != ""
  is_locked       = var.object_lock_mode != "NONE"

  names = {
    AWS_ACCOUNT_ID          = local.account
    AWS_REGION              = local.region
    DATABASE_SECRET_ARN     = ""
    GITHUB_TOKEN_SECRET_ARN = var.github_token_secret_arn
    REPORTS_BUCKET          = aws_s3_bucket.reports.id
    SNS_TOPIC_ARN           = aws_sns_topic.alerts.arn
    SQL_API_FUNCTION        = var.sql_api_function
  }
  # The policies name the partition aws.
  documents = {
    for name in ["iam", "bucket", "people"] : name => jsondecode(replace(
      templatefile("${path.module}/../${name}-policy.json", local.names), "arn:aws:", "arn:${local.partition}:"
    ))
  }
}

# --- the check -----------------------------------------------------------------------------------
resource "aws_cloudwatch_log_group" "check" {
  name              = "/aws/lambda/${local.function}"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "check" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

# The program's own calls. It reads no secret of the database: the SQL API does.
resource "aws_iam_role_policy" "check" {
  name = "check"
  role = aws_iam_role.check.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for statement in local.documents["iam"].Statement : statement
      if statement.Sid != "ReadDatabaseSecret" && (statement.Sid != "ReadGithubToken" || local.has_token)
    ]
  })
}

resource "aws_iam_role_policy" "reports_key" {
  count = local.has_reports_key ? 1 : 0
  name  = "check-reports-key"
  role  = aws_iam_role.check.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "UseReportsKey"
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource  = var.reports_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" } }
    }]
  })
}

resource "aws_iam_role_policy" "secrets_key" {
  count = local.has_secrets_key ? 1 : 0
  name  = "secrets-key"
  role  = aws_iam_role.check.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "UseSecretsKey"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = var.secrets_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
    }]
  })
}

# What Lambda itself does in the function's name.
resource "aws_iam_role_policy" "service" {
  name = "lambda-service"
  role = aws_iam_role.check.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${local.function}:*"
      },
      {
        Sid      = "KeepWhatFailed"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.failed.arn
      },
    ]
  })
}

resource "aws_lambda_function" "check" {
  function_name    = local.function
  description      = "Compares the repository with production, keeps a report, sends an alert"
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  runtime          = "provided.al2023"
  architectures    = [var.architecture]
  handler          = "check"
  memory_size      = 128
  timeout          = 300
  role             = aws_iam_role.check.arn
  environment {
    variables = merge(
      {
        GITHUB_REPO           = var.github_repo
        SCHEMA_DRIFT_DATABASE = "lambda:${var.sql_api_function}"
        SCHEMA_DRIFT_TARGET   = var.target_name
        REPORTS_BUCKET        = aws_s3_bucket.reports.id
        SNS_TOPIC_ARN         = aws_sns_topic.alerts.arn
        NOTIFY_ON_SUCCESS     = tostring(var.notify_on_success)
        SCHEMA_DRIFT_LOG      = "json"
        # The only folder that a function may write to. Clone and spool live as long as its instance.
        XDG_CACHE_HOME = "/tmp/cache"
        XDG_STATE_HOME = "/tmp/state"
      },
      local.has_token ? { GITHUB_TOKEN_SECRET_ARN = var.github_token_secret_arn } : {},
      var.git_ref != "" ? { SCHEMA_DRIFT_REF = var.git_ref } : {},
      local.has_reports_key ? { SCHEMA_DRIFT_KMS_KEY = var.reports_key_arn } : {},
    )
  }
  depends_on = [aws_cloudwatch_log_group.check, aws_iam_role_policy.service]
}

resource "aws_lambda_function_event_invoke_config" "check" {
  function_name                = aws_lambda_function.check.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 3600
  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }
  depends_on = [aws_iam_role_policy.service]
}

# --- the schedule --------------------------------------------------------------------------------
locals {
  # null: the event itself is the input.
  rules = merge(
    { nightly = { schedule = var.schedule, description = "Starts the check", input = null } },
    local.has_summary ? {
      weekly = {
        schedule = var.summary_schedule, description = "Starts the weekly summary", input = "{\"action\": \"summary\"}"
      }
    } : {},
  )
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each            = local.rules
  name                = "${var.name}-${each.key}"
  description         = each.value.description
  schedule_expression = each.value.schedule
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules
  rule     = aws_cloudwatch_event_rule.this[each.key].name
  arn      = aws_lambda_function.check.arn
  input    = each.value.input
  retry_policy {
    maximum_retry_attempts       = 10
    maximum_event_age_in_seconds = 3600
  }
  dead_letter_config {
    arn = aws_sqs_queue.failed.arn
  }
}

resource "aws_lambda_permission" "this" {
  for_each      = local.rules
  statement_id  = each.key
  function_name = aws_lambda_function.check.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this[each.key].arn
}
