# On Open Telekom Cloud, for each shard a function with one timer and an agency that may do no more than needed;
# logs, alarms, and optionally a bucket for the states. See docs/deploy.md for what was tried.

terraform {
  required_version = ">= 1.6"
  required_providers {
    opentelekomcloud = {
      source  = "opentelekomcloud/opentelekomcloud"
      version = ">= 1.36.70"
    }
  }
}

# The user or access key comes from OS_USERNAME and OS_PASSWORD, or OS_ACCESS_KEY and OS_SECRET_KEY, and OS_DOMAIN_NAME.
provider "opentelekomcloud" {
  auth_url    = "https://iam.${var.region}.otc.t-systems.com/v3"
  region      = var.region
  tenant_name = var.project_name
}

# Roles and agencies belong to the account, so this one logs in without a project. OS_PROJECT_NAME must not be set.
provider "opentelekomcloud" {
  alias    = "account"
  auth_url = "https://iam.${var.region}.otc.t-systems.com/v3"
  region   = var.region
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
  place  = { HSS_CLOUD = "otc", HSS_REGION = var.region }
}

resource "opentelekomcloud_identity_role_v3" "hss" {
  provider = opentelekomcloud.account

  display_name  = "${var.name}-hss"
  description   = "Read the open ports that HSS sees"
  display_layer = "project"

  statement {
    effect = "Allow"
    action = var.hss_actions
  }
}

resource "opentelekomcloud_identity_role_v3" "bucket" {
  count    = var.bucket == "" ? 0 : 1
  provider = opentelekomcloud.account

  display_name  = "${var.name}-bucket"
  description   = "Read and write the state of port-compliance"
  display_layer = "domain" # OBS is a global service

  statement {
    effect   = "Allow"
    action   = ["obs:object:GetObject", "obs:object:PutObject"]
    resource = ["obs:*:*:object:${var.bucket}/*"]
  }
  statement {
    effect   = "Allow"
    action   = ["obs:bucket:ListBucket"] # without it a missing object looks like a forbidden one
    resource = ["obs:*:*:bucket:${var.bucket}"]
  }
}

resource "opentelekomcloud_identity_role_v3" "alarm" {
  count    = var.alarm_topic_urn == "" ? 0 : 1
  provider = opentelekomcloud.account

  display_name  = "${var.name}-alarm"
  description   = "Publish failed runs of port-compliance"
  display_layer = "project"

  statement {
    effect = "Allow"
    action = ["smn:topic:publish"]
  }
}

resource "opentelekomcloud_identity_agency_v3" "function" {
  for_each = local.shards
  provider = opentelekomcloud.account

  name                  = each.value.function
  description           = "Lets port-compliance read HSS"
  delegated_domain_name = "op_svc_cff" # FunctionGraph
  domain_roles          = opentelekomcloud_identity_role_v3.bucket[*].display_name

  dynamic "project_role" {
    for_each = toset(length(each.value.projects) == 0 ? [var.project_name] : each.value.projects)

    content {
      project = project_role.value
      roles   = concat([opentelekomcloud_identity_role_v3.hss.display_name], opentelekomcloud_identity_role_v3.alarm[*].display_name)
    }
  }
}

resource "opentelekomcloud_lts_group_v2" "function" {
  group_name  = var.name
  ttl_in_days = var.log_days
}

resource "opentelekomcloud_lts_stream_v2" "function" {
  group_id    = opentelekomcloud_lts_group_v2.function.id
  stream_name = var.name
}

resource "opentelekomcloud_obs_bucket" "state" {
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

resource "opentelekomcloud_fgs_function_v2" "check" {
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
  agency              = opentelekomcloud_identity_agency_v3.function[each.key].name

  code_type     = "zip"
  code_filename = basename(var.zip)
  func_code     = filebase64(var.zip)

  user_data           = jsonencode(each.value.settings)
  encrypted_user_data = jsonencode(module.shards.secrets[each.key])

  log_group_id   = opentelekomcloud_lts_group_v2.function.id
  log_group_name = opentelekomcloud_lts_group_v2.function.group_name
  log_topic_id   = opentelekomcloud_lts_stream_v2.function.id
  log_topic_name = opentelekomcloud_lts_stream_v2.function.stream_name

  depends_on = [opentelekomcloud_obs_bucket.state] # no run before there is a place for what it remembers
}

resource "opentelekomcloud_fgs_trigger_v2" "timer" {
  for_each = local.shards

  function_urn = opentelekomcloud_fgs_function_v2.check[each.key].urn
  type         = "TIMER"
  status       = "ACTIVE"
  event_data   = module.shards.timers[each.key]
}

# A word on all shards, read from their indexes: what is stale, was never checked or got worse.
resource "opentelekomcloud_fgs_trigger_v2" "fleet" {
  count = var.fleet_shard == "" ? 0 : 1

  function_urn = opentelekomcloud_fgs_function_v2.check[var.fleet_shard].urn
  type         = "TIMER"
  status       = "ACTIVE"
  event_data   = module.shards.fleet_timer
}

resource "opentelekomcloud_fgs_async_invoke_config_v2" "check" {
  for_each = opentelekomcloud_fgs_function_v2.check

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
  from = opentelekomcloud_fgs_function_v2.check["00"]
  to   = opentelekomcloud_fgs_function_v2.check["everything"]
}
moved {
  from = opentelekomcloud_fgs_async_invoke_config_v2.check["00"]
  to   = opentelekomcloud_fgs_async_invoke_config_v2.check["everything"]
}
moved {
  from = opentelekomcloud_identity_agency_v3.function
  to   = opentelekomcloud_identity_agency_v3.function["everything"]
}

output "function_urns" {
  description = "By shard, its function."
  value       = { for shard, function in opentelekomcloud_fgs_function_v2.check : shard => function.urn }
}

output "schedules" {
  description = "By shard, when it runs."
  value       = { for shard, its in local.shards : shard => its.schedule }
}
