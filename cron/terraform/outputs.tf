output "check_function" {
  description = "To run it by hand: aws lambda invoke --function-name NAME answer.json"
  value       = aws_lambda_function.check.function_name
}

output "check_role" {
  value = aws_iam_role.check.name
}

output "reports_bucket" {
  value = aws_s3_bucket.reports.id
}

output "alerts_topic" {
  value = aws_sns_topic.alerts.arn
}

output "people_policy_arn" {
  description = "Attach it to the roles of those who read reports and acknowledge"
  value       = aws_iam_policy.people.arn
}

output "failed_queue" {
  value = aws_sqs_queue.failed.id
}
