variable "region" {
  description = "Region of the function and, where nothing else is set, of the HSS that it asks."
  type        = string
}

variable "name" {
  description = "Name of the function `everything`, the log group and log stream; the beginning of every other shard's."
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

variable "shards" {
  description = "One function and timer each, by name: targets, its file of targets in the zip (TARGETS_CONFIG); projects, whose HSS it may read (default: the region's own); settings of its own. Name them once and for all: a shard keeps its name, function and state whatever is added."
  type = map(object({
    targets  = optional(string, "")
    projects = optional(list(string), [])
    settings = optional(map(string), {})
  }))
  default = { everything = {} }
}

variable "settings" {
  description = "Settings of all functions that are no secrets (README.md); 20, and 4,096 characters in all, with those added here."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Settings that are secrets: WEBHOOK_URL, WEBHOOK_SECRET, ... Kept encrypted by the platform, and in Terraform's state."
  type        = map(string)
  sensitive   = true
  default     = {}
}

variable "shard_secrets" {
  description = "By shard, secrets of its own, such as HUAWEICLOUD_SDK_AK and _SK: the pace is counted for each user."
  type        = map(map(string))
  sensitive   = true
  default     = {}
}

variable "run_interval" {
  description = "How often each target is due (RUN_INTERVAL)."
  type        = string
  default     = "1h"
}

variable "timer_minutes" {
  description = "Minutes between two runs of a shard: 60, or 10 where it has many targets; a run asks only what is due."
  type        = number
  default     = 60
}

variable "hours" {
  description = "Hour field of the timers' cron expression."
  type        = string
  default     = "*"
}

variable "fleet_shard" {
  description = "The shard that tells of all shards once a day (sinks with `digest: true`); empty: none."
  type        = string
  default     = ""
}

variable "fleet_hours" {
  description = "Hour field of that timer's cron expression."
  type        = string
  default     = "6"
}

variable "bucket" {
  description = "Name of an OBS bucket to create for the states and, if you like, the policy; empty: none."
  type        = string
  default     = ""
}

variable "alarm_topic_urn" {
  description = "URN of an SMN topic that is told of failed runs, of errors and of silence; empty: none."
  type        = string
  default     = ""
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "hss_roles" {
  description = "System-defined policies that let the function read HSS in its project."
  type        = list(string)
  default     = ["HSS ReadOnlyAccess"]
}
