# When each target is checked, and by which function. No provider: it can be planned and tested anywhere.

terraform {
  required_version = ">= 1.6"
}

variable "targets" {
  description = "Names of targets in the function's TARGETS_CONFIG, one timer each; empty: one timer that checks everything."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.targets : can(regex("^[a-z0-9-]{1,60}$", name))])
    error_message = "A target's name has 1 to 60 of a-z, 0-9 and -."
  }
  validation {
    condition     = length(distinct(var.targets)) == length(var.targets)
    error_message = "Each target is named once."
  }
}

variable "first_minute" {
  description = "The minute of the first timer. Not 0: on the full hour everybody asks."
  type        = number
  default     = 7

  validation {
    condition     = contains(range(1, 60), var.first_minute)
    error_message = "The first minute is 1 to 59."
  }
}

variable "minutes_apart" {
  description = "Minutes between two targets; `port-compliance plan` says how many targets one credential serves an hour."
  type        = number
  default     = 2

  validation {
    condition     = contains(range(1, 31), var.minutes_apart)
    error_message = "Targets are 1 to 30 minutes apart."
  }
}

variable "hours" {
  description = "The hour field of the timers: * for hourly, 6 for once a day at 6, 6,18 for twice. In the region's time zone."
  type        = string
  default     = "*"

  validation {
    condition     = can(regex("^(\\*|[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)(/[0-9]+)?$", var.hours))
    error_message = "The hours are a field of a cron expression, such as * or 6,18 or 0-23/4."
  }
}

locals {
  timers_per_function = 10 # the platform's limit per function version
  second              = 17

  several = [
    for index, name in var.targets : {
      name       = "t-${name}" # a trigger's name starts with a letter
      group      = format("%02d", floor(index / local.timers_per_function))
      minute     = (var.first_minute + index * var.minutes_apart) % 60
      user_event = jsonencode({ target = name })
    }
  ]
  one    = [{ name = "everything", group = "00", minute = var.first_minute, user_event = "" }]
  timers = length(var.targets) == 0 ? local.one : local.several
}

output "timers" {
  description = "By trigger name: the function's group, the cron expression (seconds first), the event."
  value = {
    for timer in local.timers : timer.name => {
      group      = timer.group
      schedule   = "${local.second} ${timer.minute} ${var.hours} * * ?"
      user_event = timer.user_event
    }
  }
}

output "groups" {
  description = "One function for each group of ten timers."
  value       = toset([for timer in local.timers : timer.group])
}

output "fits_into_an_hour" {
  description = "Whether no two targets share a minute."
  value       = length(local.timers) * var.minutes_apart <= 60
}
