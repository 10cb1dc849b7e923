variable "region" {
  description = "Region of the function and, where nothing else is set, of the HSS that it asks."
  type        = string
}

variable "name" {
  description = "Name of the function, its agency, log group and log stream."
  type        = string
  default     = "port-compliance"
}

variable "zip" {
  description = "The zip that `make package` built for the runtime."
  type        = string
  default     = "../../../dist/port-compliance-py310.zip"
}

variable "runtime" {
  description = "Python3.10 or Python3.12, as the zip was built for; it cannot be changed afterwards."
  type        = string
  default     = "Python3.10"

  validation {
    condition     = contains(["Python3.10", "Python3.12"], var.runtime)
    error_message = "There are zips for Python3.10 and Python3.12."
  }
}

variable "memory_size" {
  description = "MB; 256 is about 0.4 of a core."
  type        = number
  default     = 256
}

variable "timeout" {
  description = "Seconds that a run may take, 3 to 900. Five calls a minute are allowed, so a long list needs minutes."
  type        = number
  default     = 300
}

variable "settings" {
  description = "Settings of the function that are no secrets (README.md); 4,096 characters in all."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.settings) <= 18 && length(jsonencode(var.settings)) <= 3800
    error_message = "The platform takes 20 settings and 4,096 characters in all; some are added here."
  }
}

variable "secrets" {
  description = "Settings that are secrets: WEBHOOK_URL, WEBHOOK_SECRET, ... Kept encrypted by the platform, and in Terraform's state."
  type        = map(string)
  sensitive   = true
  default     = {}
}

variable "targets" {
  description = "Names of targets in the file that TARGETS_CONFIG names, one timer each; empty: one timer for everything."
  type        = list(string)
  default     = []
}

variable "first_minute" {
  description = "Minute of the first timer; not 0."
  type        = number
  default     = 7
}

variable "minutes_apart" {
  description = "Minutes between two targets."
  type        = number
  default     = 2
}

variable "hours" {
  description = "Hour field of the timers' cron expression."
  type        = string
  default     = "*"
}

variable "bucket" {
  description = "Name of an OBS bucket to create for the state and, if you like, the policy; empty: none."
  type        = string
  default     = ""
}

variable "alarm_topic_urn" {
  description = "URN of an SMN topic that is told of failed runs; empty: none."
  type        = string
  default     = ""
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "project_name" {
  description = "Name of the project that is checked, such as eu-de or eu-de_prod: the agency may read HSS there."
  type        = string
  default     = "eu-de"
}

variable "hss_actions" {
  description = "What the function may do in HSS. If a run is refused `asset/statistics`, add \"hss:*:list*\" and \"hss:*:get*\"."
  type        = list(string)
  default     = ["hss:ports:list"]
}
