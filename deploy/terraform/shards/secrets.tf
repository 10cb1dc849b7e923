# The secrets of each shard: everybody's and its own, no more than the platform takes.

variable "secrets" {
  description = "Settings of all shards that are secrets."
  type        = map(string)
  sensitive   = true
  default     = {}

  validation {
    condition     = length(var.secrets) <= 20
    error_message = "The platform takes at most 20 secrets."
  }
  validation {
    condition     = length(jsonencode(var.secrets)) <= 4096
    error_message = "The platform takes at most 4,096 characters of secrets, counted as JSON."
  }
}

variable "shard_secrets" {
  description = "By shard, secrets of its own."
  type        = map(map(string))
  sensitive   = true
  default     = {}
}

locals {
  secrets  = { for shard in keys(var.shards) : shard => merge(var.secrets, lookup(var.shard_secrets, shard, {})) }
  too_many = nonsensitive([for shard, its in local.secrets : shard if length(its) > local.most_settings])
  too_long = nonsensitive([for shard, its in local.secrets : shard if length(jsonencode(its)) > local.longest_settings])
  strays   = setsubtract(nonsensitive(keys(var.shard_secrets)), keys(var.shards))
}

output "secrets" {
  description = "By shard, its secrets."
  value       = local.secrets
  sensitive   = true

  precondition {
    condition     = length(local.too_many) == 0
    error_message = "A function takes at most ${local.most_settings} secrets; these shards have more: ${join(", ", local.too_many)}."
  }
  precondition {
    condition     = length(local.too_long) == 0
    error_message = "A function's secrets have at most ${local.longest_settings} characters as JSON; these shards have more: ${join(", ", local.too_long)}."
  }
  precondition {
    condition     = length(local.strays) == 0
    error_message = "shard_secrets names a shard that is none: ${join(", ", local.strays)}."
  }
}
