# On Huawei Cloud, for each shard a function with one timer and an agency that may do no more than needed;
# logs, alarms, and optionally a bucket for the states. See docs/deploy.md for what was tried.

terraform {
  required_version = ">= 1.6"
  required_providers {
    huaweicloud = {
      source  = "huaweicloud/huaweicloud"
      version = ">= 1.66.0"
    }
  }
}

provider "huaweicloud" {
  region = var.region
}

module "shards" {
  source = "../shards"

  name            = var.name
  shards          = var.shards
  settings        = merge(local.place, var.settings)
  bucket          = var.bucket
  run_interval    = var.run_interval
  timer_minutes   = var.timer_minutes
  hours           = var.hours
  fleet_hours     = var.fleet_hours
  secrets         = var.secrets
  shard_secrets   = var.shard_secrets
  alarm_topic_urn = var.alarm_topic_urn
}

locals {
  shards = module.shards.shards
  place  = { HSS_CLOUD = "huaweicloud", HSS_REGION = var.region }
}

resource "huaweicloud_identity_role" "bucket" {
  count = var.bucket == "" ? 0 : 1

  name        = "${var.name}-bucket"
  description = "Read and write the state of port-compliance"
  type        = "AX" # OBS is a global service
  policy = jsonencode({
    Version = "1.1"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["obs:object:GetObject", "obs:object:PutObject"]
        Resource = ["obs:*:*:object:${var.bucket}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["obs:bucket:ListBucket"] # without it a missing object looks like a forbidden one
        Resource = ["obs:*:*:bucket:${var.bucket}"]
      },
    ]
  })
}

resource "huaweicloud_identity_role" "alarm" {
  count = var.alarm_topic_urn == "" ? 0 : 1

  name        = "${var.name}-alarm"
  description = "Publish failed runs of port-compliance"
  type        = "XA"
  policy = jsonencode({
    Version   = "1.1"
    Statement = [{ Effect = "Allow", Action = ["smn:topic:publish"] }]
  })
}

resource "huaweicloud_identity_agency" "function" {
  for_each = local.shards

  name                   = each.value.function
  description            = "Lets port-compliance read HSS"
  delegated_service_name = "op_svc_cff" # FunctionGraph
  domain_roles           = huaweicloud_identity_role.bucket[*].name

  dynamic "project_role" {
    for_each = toset(length(each.value.projects) == 0 ? [var.region] : each.value.projects)

    content {
      project = project_role.value
      roles   = concat(var.hss_roles, huaweicloud_identity_role.alarm[*].name)
    }
  }
}

resource "huaweicloud_lts_group" "function" {
  group_name  = var.name
  ttl_in_days = var.log_days
}

resource "huaweicloud_lts_stream" "function" {
  group_id    = huaweicloud_lts_group.function.id
  stream_name = var.name
}

resource "huaweicloud_obs_bucket" "state" {
  count = var.bucket == "" ? 0 : 1

  bucket     = var.bucket
  acl        = "private"
  versioning = true # the way back, if a state was lost

  lifecycle_rule {
    name    = "old-versions"
    enabled = true

    noncurrent_version_expiration {
      days = 30
    }
  }
}

resource "huaweicloud_fgs_function" "check" {
  for_each = local.shards

  name                = each.value.function
  app                 = "default"
  description         = "Open ports that break the policy"
  runtime             = var.runtime
  handler             = "index.handler"
  initializer_handler = "index.initializer"
  initializer_timeout = 30
  memory_size         = var.memory_size
  timeout             = var.timeout
  max_instance_num    = "1" # two runs at once would share the five calls a minute, and a state
  agency              = huaweicloud_identity_agency.function[each.key].name

  code_type     = "zip"
  code_filename = basename(var.zip)
  func_code     = filebase64(var.zip)

  user_data           = jsonencode(each.value.settings)
  encrypted_user_data = jsonencode(module.shards.secrets[each.key])

  log_group_id    = huaweicloud_lts_group.function.id
  log_group_name  = huaweicloud_lts_group.function.group_name
  log_stream_id   = huaweicloud_lts_stream.function.id
  log_stream_name = huaweicloud_lts_stream.function.stream_name

  depends_on = [huaweicloud_obs_bucket.state] # no run before there is a place for what it remembers
}

resource "huaweicloud_fgs_function_trigger" "timer" {
  for_each = local.shards

  function_urn = huaweicloud_fgs_function.check[each.key].urn
  type         = "TIMER"
  status       = "ACTIVE"
  event_data   = module.shards.timers[each.key]
}

# A word on all shards, read from their indexes: what is stale, was never checked or got worse.
resource "huaweicloud_fgs_function_trigger" "fleet" {
  count = var.fleet_shard == "" ? 0 : 1

  function_urn = huaweicloud_fgs_function.check[var.fleet_shard].urn
  type         = "TIMER"
  status       = "ACTIVE"
  event_data   = module.shards.fleet_timer
}

resource "huaweicloud_fgs_async_invoke_configuration" "check" {
  for_each = huaweicloud_fgs_function.check

  function_urn                   = each.value.urn
  max_async_event_age_in_seconds = 3600
  max_async_retry_attempts       = 1 # a second run tells nobody twice

  dynamic "on_failure" {
    for_each = var.alarm_topic_urn == "" ? [] : [var.alarm_topic_urn]

    content {
      destination = "SMN"
      param       = jsonencode({ topic_urn = on_failure.value })
    }
  }
}

# Where the first version kept the one function, its agency and its destination.
moved {
  from = huaweicloud_fgs_function.check["00"]
  to   = huaweicloud_fgs_function.check["everything"]
}
moved {
  from = huaweicloud_fgs_async_invoke_configuration.check["00"]
  to   = huaweicloud_fgs_async_invoke_configuration.check["everything"]
}
moved {
  from = huaweicloud_identity_agency.function
  to   = huaweicloud_identity_agency.function["everything"]
}

output "function_urns" {
  description = "By shard, its function."
  value       = { for shard, function in huaweicloud_fgs_function.check : shard => function.urn }
}

output "schedules" {
  description = "By shard, when it runs."
  value       = { for shard, its in local.shards : shard => its.schedule }
}
