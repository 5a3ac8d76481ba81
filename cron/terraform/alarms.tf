# As those of cron/cloudformation.yaml, which says why each is as it is.

locals {
  # Of the last run: what is missing between two runs changes nothing.
  of_the_last_run = {
    drift = {
      metric = "DriftDetected", notifies = var.drift_alarm_notifies
      text   = "The last run found drift. Its alert and its report say which; see docs/verdicts.md"
    }
    could-not-tell = {
      metric = "CouldNotTell", notifies = var.drift_alarm_notifies
      text   = "The last run could not read one side. `failure` in its report says why"
    }
    undelivered = {
      metric = "Undelivered", notifies = true
      text   = "The last run could not store its report or send an alert. Its log says which and why"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "last_run" {
  for_each            = local.of_the_last_run
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.text
  namespace           = "SchemaDrift"
  metric_name         = each.value.metric
  dimensions          = { Target = var.target_name }
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "ignore"
  actions_enabled     = each.value.notifies
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "no_run" {
  alarm_name          = "${var.name}-no-run"
  alarm_description   = "No run was completed for 26 hours. It says so from the beginning until the first run"
  evaluation_periods  = 26
  datapoints_to_alarm = 26
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
  metric_query {
    id          = "runs"
    return_data = false
    metric {
      namespace   = "SchemaDrift"
      metric_name = "RunDuration"
      dimensions  = { Target = var.target_name }
      period      = 3600
      stat        = "SampleCount"
    }
  }
  metric_query {
    id          = "runs_or_none"
    expression  = "FILL(runs, 0)"
    label       = "runs in an hour"
    return_data = true
  }
}

resource "aws_cloudwatch_metric_alarm" "check_errors" {
  alarm_name          = "${var.name}-check-errors"
  alarm_description   = "The check itself failed (a crash, a time-out, no memory); it may have sent no alert"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.check.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "failed_events" {
  alarm_name          = "${var.name}-failed-events"
  alarm_description   = "A nightly event is in the dead-letter queue, so a run is missing"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.failed.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}
