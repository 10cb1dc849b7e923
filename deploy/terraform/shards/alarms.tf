# What Cloud Eye tells of each shard: that it does not run, or that its runs fail.

variable "alarm_topic_urn" {
  description = "URN of the SMN topic that the alarms tell; empty: no alarms."
  type        = string
  default     = ""
}

locals {
  alarms = {
    silent = {
      description = "No run: the timer is off, the function deleted, or the platform does not start it"
      metric      = "count"
      period      = var.hours != "*" ? 86400 : var.timer_minutes > 10 ? 3600 : 1200 # one that Cloud Eye knows, never shorter than between two runs
      comparison  = "<"
      threshold   = 1 # not `<= 0`: a provider leaves a zero out
      count       = 2
    }
    errors = {
      description = "Runs that failed: nobody was told, or a setting is broken"
      metric      = "failcount"
      period      = 300
      comparison  = ">="
      threshold   = 1
      count       = 1
    }
  }
}

output "alarms" {
  description = "By SHARD/silent and SHARD/errors, a rule of Cloud Eye: in so many periods (count) one after the other, the sum of the metric is below, or at least, the threshold."
  value = {
    for pair in setproduct(keys(local.made), keys(local.alarms)) : join("/", pair) => merge(local.alarms[pair[1]], {
      shard = pair[0]
      name  = "${local.made[pair[0]].function}-${pair[1]}"
    }) if var.alarm_topic_urn != ""
  }
}
