# What each shard is called, when it runs and what it is told. No provider: it can be planned and tested anywhere.
# Everything is made from a shard's own name, so another target or another shard renames, moves and replaces nothing.

terraform {
  required_version = ">= 1.6"
}

variable "name" {
  description = "Name of the shard `everything`, and the beginning of every other shard's."
  type        = string
  default     = "port-compliance"
}

variable "shards" {
  description = "Shards by name: targets, the file of its targets (TARGETS_CONFIG); projects, whose HSS it may read; settings of its own."
  type = map(object({
    targets  = optional(string, "")
    projects = optional(list(string), [])
    settings = optional(map(string), {})
  }))
  default = { everything = {} }

  validation {
    condition     = length(var.shards) > 0 && alltrue([for shard in keys(var.shards) : can(regex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", shard))])
    error_message = "There is at least one shard, and a shard's name has 1 to 40 of a-z, 0-9 and -, with no - at its ends."
  }
}

variable "settings" {
  description = "Settings of all shards that are no secrets."
  type        = map(string)
  default     = {}
}

variable "bucket" {
  description = "The OBS bucket that holds the states; empty: none."
  type        = string
  default     = ""
}

variable "run_interval" {
  description = "How often each target is due (RUN_INTERVAL); empty: not said."
  type        = string
  default     = "1h"

  validation {
    condition     = can(regex("^([1-9][0-9]*[smhd])?$", var.run_interval))
    error_message = "The interval is a number and s, m, h or d, such as 1h."
  }
}

variable "timer_minutes" {
  description = "Minutes between two runs of a shard; a run asks only what is due."
  type        = number
  default     = 60

  validation {
    condition     = contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60], var.timer_minutes)
    error_message = "The minutes between two runs divide an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60."
  }
}

variable "hours" {
  description = "The hour field of the timers: * for every hour, 6 for once a day, 6,18 for twice. In the region's time zone."
  type        = string
  default     = "*"

  validation {
    condition     = can(regex("^(\\*|[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)(/[0-9]+)?$", var.hours))
    error_message = "The hours are a field of a cron expression, such as * or 6,18 or 0-23/4."
  }
}

variable "fleet_hours" {
  description = "The hour field of the timer of the word on all shards."
  type        = string
  default     = "6"
}

locals {
  most_settings      = 20   # the platform's limits for one function
  longest_settings   = 4096 # characters, as JSON
  longest_name       = 56   # Cloud Eye takes 64 characters of `default-NAME`
  folder             = "port-compliance"
  state_urls         = { for shard in keys(var.shards) : shard => "obs://${var.bucket}/${local.folder}/${shard == "everything" ? "" : "${shard}/"}{target}.json" }
  several_with_state = var.bucket != "" && length(var.shards) > 1

  # A number of the shard's own, so that shards do not fire in the same second; never minute 0, when everybody asks.
  lots    = { for shard in keys(var.shards) : shard => parseint(substr(sha256(shard), 0, 8), 16) }
  firsts  = { for shard, lot in local.lots : shard => var.timer_minutes == 1 ? 0 : 1 + lot % (var.timer_minutes - 1) }
  minutes = { for shard, first in local.firsts : shard => var.timer_minutes == 1 ? "*" : join(",", range(first, 60, var.timer_minutes)) }

  made = {
    for shard, its in var.shards : shard => {
      function = shard == "everything" ? var.name : "${var.name}-${shard}"
      schedule = "${1 + floor(local.lots[shard] / 64) % 59} ${local.minutes[shard]} ${var.hours} * * ?"
      projects = its.projects
      settings = merge(
        var.bucket == "" ? {} : { STATE_URL = local.state_urls[shard] },
        local.several_with_state ? { FLEET_STATE_URLS = join(",", values(local.state_urls)) } : {},
        var.run_interval == "" ? {} : { RUN_INTERVAL = var.run_interval },
        its.targets == "" ? {} : { TARGETS_CONFIG = its.targets },
        var.settings,
        its.settings,
      )
    }
  }
  targets_files = [for made in local.made : lookup(made.settings, "TARGETS_CONFIG", "")]
}

output "shards" {
  description = "By shard: its function, the cron expression of its timer (seconds first), its projects and its settings."
  value       = local.made

  precondition {
    condition     = alltrue([for made in local.made : length(made.function) <= local.longest_name])
    error_message = "A function's name (name, - and the shard) has at most ${local.longest_name} characters: Cloud Eye takes no longer ones."
  }
  precondition {
    condition     = alltrue([for made in local.made : length(made.settings) <= local.most_settings])
    error_message = "A function takes at most ${local.most_settings} settings; these shards have more: ${join(", ", [for shard, made in local.made : shard if length(made.settings) > local.most_settings])}."
  }
  precondition {
    condition     = alltrue([for made in local.made : length(jsonencode(made.settings)) <= local.longest_settings])
    error_message = "A function's settings have at most ${local.longest_settings} characters as JSON; these shards have more: ${join(", ", [for shard, made in local.made : shard if length(jsonencode(made.settings)) > local.longest_settings])}. With very many shards set FLEET_STATE_URLS to those that matter, and put more into a file of the zip."
  }
  precondition {
    condition     = length(var.shards) == 1 || length(distinct(local.targets_files)) == length(var.shards) && !contains(local.targets_files, "")
    error_message = "Each of several shards has a targets file of its own (targets)."
  }
}

output "timers" {
  description = "By shard, its timer as FunctionGraph takes it."
  value = {
    for shard, made in local.made : shard => jsonencode({
      name          = shard == "everything" ? shard : "t-${shard}" # a trigger's name starts with a letter
      schedule_type = "Cron"
      schedule      = made.schedule
      user_event    = ""
    })
  }
}

output "fleet_timer" {
  description = "The timer of the word on all shards, as FunctionGraph takes it."
  value = jsonencode({
    name          = "fleet"
    schedule_type = "Cron"
    schedule      = "30 45 ${var.fleet_hours} * * ?"
    user_event    = jsonencode({ fleet = true })
  })
}
