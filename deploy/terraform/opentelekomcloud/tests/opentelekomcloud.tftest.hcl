# Terraform itself plans and applies the module; of the provider it asks only the schema. The code is any file.

mock_provider "opentelekomcloud" {}

mock_provider "opentelekomcloud" {
  alias = "account"
}

variables {
  region = "eu-de"
  zip    = "variables.tf"
}

run "by_itself_it_is_one_function_with_one_timer" {
  command = plan

  assert {
    condition     = { for shard, function in opentelekomcloud_fgs_function_v2.check : shard => function.name } == { everything = "port-compliance" }
    error_message = "one function of the plain name"
  }
  assert {
    condition     = keys(opentelekomcloud_fgs_trigger_v2.timer) == ["everything"] && length(opentelekomcloud_fgs_trigger_v2.fleet) == 0
    error_message = "one timer"
  }
  assert {
    condition     = length(opentelekomcloud_ces_alarmrule.alarm) + length(opentelekomcloud_obs_bucket.state) == 0
    error_message = "no alarm without a topic, no bucket without a name"
  }
  assert {
    condition     = [for role in opentelekomcloud_identity_agency_v3.function["everything"].project_role : role.project] == ["eu-de"]
    error_message = "it may read where it runs"
  }
}

run "five_shards" {
  variables {
    bucket          = "security"
    timer_minutes   = 10
    alarm_topic_urn = "urn:smn:eu-de:0123456789abcdef0123456789abcdef:on-call"
    fleet_shard     = "shard-1"
    fleet_hours     = "5"
    secrets         = { WEBHOOK_URL = "https://hooks.example.org/x" }
    shard_secrets   = { shard-2 = { HUAWEICLOUD_SDK_AK = "AK2", HUAWEICLOUD_SDK_SK = "SK2" } }
    shards          = { for number in range(1, 6) : "shard-${number}" => { targets = "shard-${number}.yaml", projects = ["eu-de", "eu-de_${number}"] } }
  }
  assert {
    condition     = toset([for role in opentelekomcloud_identity_agency_v3.function["shard-3"].project_role : role.project]) == toset(["eu-de", "eu-de_3"])
    error_message = "several projects to an agency"
  }
  assert {
    condition     = alltrue([for shard, function in opentelekomcloud_fgs_function_v2.check : function.agency == opentelekomcloud_identity_agency_v3.function[shard].name])
    error_message = "each has its own agency: the pace is counted for each user"
  }
  assert {
    condition     = jsondecode(opentelekomcloud_fgs_function_v2.check["shard-2"].user_data).STATE_URL == "obs://security/port-compliance/shard-2/{target}.json"
    error_message = "each has its own state and index"
  }
  assert {
    condition     = nonsensitive(jsondecode(opentelekomcloud_fgs_function_v2.check["shard-2"].encrypted_user_data)) == { HUAWEICLOUD_SDK_AK = "AK2", HUAWEICLOUD_SDK_SK = "SK2", WEBHOOK_URL = "https://hooks.example.org/x" }
    error_message = "its secrets are everybody's and its own"
  }
  assert {
    condition     = nonsensitive(jsondecode(opentelekomcloud_fgs_function_v2.check["shard-1"].encrypted_user_data)) == { WEBHOOK_URL = "https://hooks.example.org/x" }
    error_message = "no other's secrets"
  }
  assert {
    condition     = alltrue([for shard, timer in opentelekomcloud_fgs_trigger_v2.timer : timer.function_urn == opentelekomcloud_fgs_function_v2.check[shard].urn && jsondecode(timer.event_data).schedule == output.schedules[shard]])
    error_message = "each its own timer"
  }
  assert {
    condition     = jsondecode(jsondecode(opentelekomcloud_fgs_trigger_v2.fleet[0].event_data).user_event) == { fleet = true } && opentelekomcloud_fgs_trigger_v2.fleet[0].function_urn == opentelekomcloud_fgs_function_v2.check["shard-1"].urn
    error_message = "one of them tells of all once a day"
  }
  assert {
    condition     = jsondecode(opentelekomcloud_fgs_trigger_v2.fleet[0].event_data).schedule == "30 45 5 * * ?"
    error_message = "at the hour that is asked for"
  }
  assert {
    condition = alltrue([for key, alarm in opentelekomcloud_ces_alarmrule.alarm : alltrue([
      alarm.alarm_name == module.shards.alarms[key].name && alarm.alarm_description == module.shards.alarms[key].description,
      one(alarm.metric).metric_name == module.shards.alarms[key].metric && one(alarm.condition).filter == "sum",
      one(alarm.condition).period == module.shards.alarms[key].period && one(alarm.condition).count == module.shards.alarms[key].count,
      one(alarm.condition).comparison_operator == module.shards.alarms[key].comparison && one(alarm.condition).value == module.shards.alarms[key].threshold,
    ])]) && keys(opentelekomcloud_ces_alarmrule.alarm) == flatten([for number in range(1, 6) : ["shard-${number}/errors", "shard-${number}/silent"]])
    error_message = "the alarms are those of the shards"
  }
  assert {
    condition = alltrue([for key, alarm in opentelekomcloud_ces_alarmrule.alarm : alltrue([
      one(one(alarm.metric).dimensions).name == "package-functionname" && one(one(alarm.metric).dimensions).value == "default-port-compliance-${dirname(key)}",
      alarm.alarm_actions[0].notification_list == tolist([var.alarm_topic_urn]) && alarm.ok_actions[0].notification_list == tolist([var.alarm_topic_urn]),
    ])])
    error_message = "each watches its shard's function and tells the topic"
  }
}

run "another_target_and_two_shards_leave_the_five_in_place" {
  variables {
    zip             = "main.tf" # other targets: another zip
    bucket          = "security"
    timer_minutes   = 10
    alarm_topic_urn = "urn:smn:eu-de:0123456789abcdef0123456789abcdef:on-call"
    secrets         = { WEBHOOK_URL = "https://hooks.example.org/x" }
    shards          = { for name in ["a-new-one", "shard-1", "shard-2", "shard-3", "shard-4", "shard-5", "z-new-one"] : name => { targets = "${name}.yaml" } }
  }
  assert {
    condition     = alltrue([for shard, urn in run.five_shards.function_urns : output.function_urns[shard] == urn])
    error_message = "the same functions as before"
  }
  assert {
    condition     = alltrue([for shard, schedule in run.five_shards.schedules : output.schedules[shard] == schedule])
    error_message = "with the same timers"
  }
  assert {
    condition     = [for function in opentelekomcloud_fgs_function_v2.check : function.name] == [for name in ["a-new-one", "shard-1", "shard-2", "shard-3", "shard-4", "shard-5", "z-new-one"] : "port-compliance-${name}"]
    error_message = "and the same names"
  }
}
