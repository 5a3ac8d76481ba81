variable "name" {
  type        = string
  default     = "schema-drift"
  description = "Begins the name of everything that is made"
  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,32}$", var.name))
    error_message = "The name has letters, digits and hyphens, at most 32."
  }
}

variable "zip" {
  type        = string
  description = "Path of schema-drift.zip, as `make lambda` or `make lambda-arm64` left it"
}

variable "architecture" {
  type        = string
  default     = "x86_64"
  description = "Of the zip: x86_64 or arm64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture is x86_64 or arm64."
  }
}

variable "github_repo" {
  type        = string
  description = "owner/name"
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.github_repo))
    error_message = "The repository is written owner/name."
  }
}

variable "git_ref" {
  type        = string
  default     = ""
  description = "Branch, tag or commit that production should be at; empty for the default branch"
}

variable "github_token_secret_arn" {
  type        = string
  default     = ""
  description = "Full ARN of the secret with the token; empty for a public repository"
}

variable "target_name" {
  type        = string
  default     = "production"
  description = "Name of the database in reports and metrics"
  validation {
    condition     = can(regex("^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$", var.target_name))
    error_message = "The name of the target has letters, digits, dots, hyphens and underscores, at most 100."
  }
}

variable "sql_api_function" {
  type        = string
  description = "Name (or NAME:QUALIFIER) of the SQL API's function, which this module does not make"
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?$", var.sql_api_function))
    error_message = "The SQL API is a function's NAME or NAME:QUALIFIER."
  }
}

variable "alert_email" {
  type        = string
  default     = ""
  description = "Gets alerts and alarms once its owner has confirmed the mail from AWS"
}

variable "notify_on_success" {
  type    = bool
  default = false
}

variable "drift_alarm_notifies" {
  type        = bool
  default     = false
  description = "The alert of the run says more than the alarm on the same drift, so one is enough"
}

variable "schedule" {
  type        = string
  default     = "cron(0 3 * * ? *)"
  description = "In UTC. The alarm no-run expects a run at least every 26 hours"
}

variable "summary_schedule" {
  type        = string
  default     = "cron(0 6 ? * MON *)"
  description = "Of the weekly summary, in UTC; empty for none"
}

variable "report_days" {
  type        = number
  default     = 90
  description = "Days after which reports expire"
}

variable "log_days" {
  type        = number
  default     = 90
  description = "One of the numbers that CloudWatch Logs takes"
}

variable "object_lock_mode" {
  type        = string
  default     = "NONE"
  description = "Whether reports can be deleted before object_lock_days. It cannot be turned on or off later"
  validation {
    condition     = contains(["NONE", "GOVERNANCE", "COMPLIANCE"], var.object_lock_mode)
    error_message = "The mode is NONE, GOVERNANCE or COMPLIANCE."
  }
}

variable "object_lock_days" {
  type        = number
  default     = 2557
  description = "2557 days are seven years; let report_days be no less"
}

variable "reports_key_arn" {
  type        = string
  default     = ""
  description = "Key that reports are encrypted with; empty for S3's own. Its policy must let IAM of this account decide"
}

variable "secrets_key_arn" {
  type        = string
  default     = ""
  description = "Key that the secret with the token is encrypted with; empty for Secrets Manager's own"
}
