# The function on Open Telekom Cloud: a timer for each target, an agency that may do no more than needed, logs, and
# optionally a bucket for the state. Arguments as documented by the provider; see docs/deploy.md for what was tried.

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

module "schedule" {
  source = "../schedule"

  targets       = var.targets
  first_minute  = var.first_minute
  minutes_apart = var.minutes_apart
  hours         = var.hours
}

locals {
  state = var.bucket == "" ? {} : { STATE_URL = "obs://${var.bucket}/port-compliance/{target}.json" }
  place = { HSS_CLOUD = "otc", HSS_REGION = var.region }
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
  provider = opentelekomcloud.account

  name                  = var.name
  description           = "Lets port-compliance read HSS"
  delegated_domain_name = "op_svc_cff" # FunctionGraph
  domain_roles          = opentelekomcloud_identity_role_v3.bucket[*].display_name

  project_role {
    project = var.project_name
    roles   = concat([opentelekomcloud_identity_role_v3.hss.display_name], opentelekomcloud_identity_role_v3.alarm[*].display_name)
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
  for_each = module.schedule.groups

  name                = length(module.schedule.groups) == 1 ? var.name : "${var.name}-${each.key}"
  app                 = "default"
  description         = "Open ports that break the policy"
  runtime             = var.runtime
  handler             = "index.handler"
  initializer_handler = "index.initializer"
  initializer_timeout = 30
  memory_size         = var.memory_size
  timeout             = var.timeout
  max_instance_num    = "1" # two runs at once would share the five calls a minute, and a state
  agency              = opentelekomcloud_identity_agency_v3.function.name

  code_type     = "zip"
  code_filename = basename(var.zip)
  func_code     = filebase64(var.zip)

  user_data           = jsonencode(merge(local.place, local.state, var.settings))
  encrypted_user_data = jsonencode(var.secrets)

  log_group_id   = opentelekomcloud_lts_group_v2.function.id
  log_group_name = opentelekomcloud_lts_group_v2.function.group_name
  log_topic_id   = opentelekomcloud_lts_stream_v2.function.id
  log_topic_name = opentelekomcloud_lts_stream_v2.function.stream_name

  lifecycle {
    precondition {
      condition     = length(var.targets) == 0 || contains(keys(var.settings), "TARGETS_CONFIG")
      error_message = "targets are names in the file that the setting TARGETS_CONFIG names."
    }
    precondition {
      condition     = module.schedule.fits_into_an_hour
      error_message = "The targets do not fit into an hour: lower minutes_apart, or use several credentials and modules."
    }
  }
}

resource "opentelekomcloud_fgs_trigger_v2" "timer" {
  for_each = module.schedule.timers

  function_urn = opentelekomcloud_fgs_function_v2.check[each.value.group].urn
  type         = "TIMER"
  status       = "ACTIVE"
  event_data = jsonencode({
    name          = each.key
    schedule_type = "Cron"
    schedule      = each.value.schedule
    user_event    = each.value.user_event
  })
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

output "function_urns" {
  description = "The functions, one for each ten timers."
  value       = [for function in opentelekomcloud_fgs_function_v2.check : function.urn]
}

output "schedules" {
  description = "When each target is checked."
  value       = { for name, timer in module.schedule.timers : name => timer.schedule }
}
