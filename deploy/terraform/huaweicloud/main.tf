# The function on Huawei Cloud: a timer for each target, an agency that may do no more than needed, logs, and
# optionally a bucket for the state. Arguments as documented by the provider; see docs/deploy.md for what was tried.

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

module "schedule" {
  source = "../schedule"

  targets       = var.targets
  first_minute  = var.first_minute
  minutes_apart = var.minutes_apart
  hours         = var.hours
}

locals {
  state = var.bucket == "" ? {} : { STATE_URL = "obs://${var.bucket}/port-compliance/{target}.json" }
  place = { HSS_CLOUD = "huaweicloud", HSS_REGION = var.region }
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
  name                   = var.name
  description            = "Lets port-compliance read HSS"
  delegated_service_name = "op_svc_cff" # FunctionGraph
  domain_roles           = huaweicloud_identity_role.bucket[*].name

  project_role {
    project = var.region
    roles   = concat(var.hss_roles, huaweicloud_identity_role.alarm[*].name)
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
  agency              = huaweicloud_identity_agency.function.name

  code_type     = "zip"
  code_filename = basename(var.zip)
  func_code     = filebase64(var.zip)

  user_data           = jsonencode(merge(local.place, local.state, var.settings))
  encrypted_user_data = jsonencode(var.secrets)

  log_group_id    = huaweicloud_lts_group.function.id
  log_group_name  = huaweicloud_lts_group.function.group_name
  log_stream_id   = huaweicloud_lts_stream.function.id
  log_stream_name = huaweicloud_lts_stream.function.stream_name

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

resource "huaweicloud_fgs_function_trigger" "timer" {
  for_each = module.schedule.timers

  function_urn = huaweicloud_fgs_function.check[each.value.group].urn
  type         = "TIMER"
  status       = "ACTIVE"
  event_data = jsonencode({
    name          = each.key
    schedule_type = "Cron"
    schedule      = each.value.schedule
    user_event    = each.value.user_event
  })
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

output "function_urns" {
  description = "The functions, one for each ten timers."
  value       = [for function in huaweicloud_fgs_function.check : function.urn]
}

output "schedules" {
  description = "When each target is checked."
  value       = { for name, timer in module.schedule.timers : name => timer.schedule }
}
