variables {
  alarm_topic_urn = "urn:smn:eu-de:0123456789abcdef0123456789abcdef:on-call"
}

run "alone_it_is_one_function_with_one_timer" {
  command = plan

  assert {
    condition     = keys(output.shards) == ["everything"] && output.shards["everything"].function == "port-compliance"
    error_message = "one function of the plain name"
  }
  assert {
    condition     = output.shards["everything"].schedule == "42 53 * * * ?" && output.alarms["everything/silent"].period == 3600
    error_message = "once an hour, off the full hour"
  }
  assert {
    condition     = output.shards["everything"].settings == tomap({ RUN_INTERVAL = "1h" })
    error_message = "no state, no targets"
  }
  assert {
    condition     = jsondecode(output.timers["everything"]).name == "everything"
    error_message = "its timer is called as it always was"
  }
}

run "without_a_topic_there_is_no_alarm" {
  command = plan

  variables {
    alarm_topic_urn = ""
  }
  assert {
    condition     = length(output.alarms) == 0
    error_message = "nobody to tell"
  }
}

run "alone_with_a_bucket_its_state_lies_where_it_always_did" {
  command = plan

  variables {
    bucket = "security"
  }
  assert {
    condition     = output.shards["everything"].settings == tomap({ RUN_INTERVAL = "1h", STATE_URL = "obs://security/port-compliance/{target}.json" })
    error_message = "a state without a folder, and no other's to know"
  }
}

run "five_shards" {
  command = apply # the next run compares with it

  variables {
    bucket        = "security"
    timer_minutes = 10
    shards        = { for number in range(1, 6) : "shard-${number}" => { targets = "shard-${number}.yaml", projects = ["eu-de", "eu-de_${number}"] } }
  }
  assert {
    condition     = [for shard in output.shards : shard.function] == [for number in range(1, 6) : "port-compliance-shard-${number}"]
    error_message = "a function for each"
  }
  assert {
    condition     = output.shards["shard-2"].settings.STATE_URL == "obs://security/port-compliance/shard-2/{target}.json"
    error_message = "a state, and so an index, of its own"
  }
  assert {
    condition     = output.shards["shard-2"].settings.TARGETS_CONFIG == "shard-2.yaml" && output.shards["shard-2"].projects == tolist(["eu-de", "eu-de_2"])
    error_message = "targets and projects of its own"
  }
  assert {
    condition     = output.shards["shard-4"].settings.FLEET_STATE_URLS == join(",", [for number in range(1, 6) : "obs://security/port-compliance/shard-${number}/{target}.json"])
    error_message = "each knows the others' indexes"
  }
  assert {
    condition     = alltrue([for shard in output.shards : can(regex("^[1-9][0-9]? [1-9](,[1-5][1-9]){5} \\* \\* \\* \\?$", shard.schedule))])
    error_message = "six times an hour, never at minute 0"
  }
  assert {
    condition = alltrue([for number in range(1, 6) : output.alarms["shard-${number}/silent"] == {
      shard       = "shard-${number}"
      name        = "port-compliance-shard-${number}-silent"
      description = "No run: the timer is off, the function deleted, or the platform does not start it"
      metric      = "count"
      period      = 1200 # two timers fit into what Cloud Eye looks at
      comparison  = "<"
      threshold   = 1
      count       = 2
    }])
    error_message = "each shard's silence is told"
  }
  assert {
    condition = alltrue([for number in range(1, 6) : output.alarms["shard-${number}/errors"] == {
      shard       = "shard-${number}"
      name        = "port-compliance-shard-${number}-errors"
      description = "Runs that failed: nobody was told, or a setting is broken"
      metric      = "failcount"
      period      = 300
      comparison  = ">="
      threshold   = 1
      count       = 1
    }]) && length(output.alarms) == 10
    error_message = "each shard's errors are told"
  }
  assert {
    condition     = length(distinct([for shard in output.shards : shard.schedule])) == 5
    error_message = "no two at the same second"
  }
  assert {
    condition = alltrue([for shard, timer in output.timers : jsondecode(timer) == {
      name = "t-${shard}", schedule_type = "Cron", schedule = output.shards[shard].schedule, user_event = ""
    }]) && keys(output.timers) == keys(output.shards)
    error_message = "each its own timer"
  }
  assert {
    condition = jsondecode(output.fleet_timer) == {
      name = "fleet", schedule_type = "Cron", schedule = "30 45 6 * * ?", user_event = "{\"fleet\":true}"
    }
    error_message = "once a day a word on all"
  }
}

run "another_shard_changes_no_other" {
  command = plan

  variables {
    bucket        = "security"
    timer_minutes = 10
    shards        = { for name in ["a-new-one", "shard-1", "shard-2", "shard-3", "shard-4", "shard-5", "z-new-one"] : name => { targets = "${name}.yaml", projects = startswith(name, "shard-") ? ["eu-de", "eu-de_${trimprefix(name, "shard-")}"] : [] } }
  }
  assert {
    condition = alltrue([for shard, made in run.five_shards.shards : alltrue([
      output.shards[shard].function == made.function,
      output.shards[shard].schedule == made.schedule,
      output.shards[shard].projects == made.projects,
      output.shards[shard].settings.STATE_URL == made.settings.STATE_URL,
      output.shards[shard].settings.TARGETS_CONFIG == made.settings.TARGETS_CONFIG,
    ])])
    error_message = "name, timer, projects, state and targets of the five stay as they were"
  }
}

run "seventeen_shards_every_minute" {
  command = plan

  variables {
    bucket        = "example-port-compliance"
    timer_minutes = 1
    settings      = { RUN_BUDGET_SECONDS = "20", RUN_INTERVAL = "2h" }
    shards        = { for number in range(1, 18) : "shard-${number}" => { targets = "shard-${number}.yaml" } }
  }
  assert {
    condition     = alltrue([for shard in output.shards : can(regex("^[1-9][0-9]? \\* \\* \\* \\* \\?$", shard.schedule))])
    error_message = "each minute, at a second of its own"
  }
  assert {
    condition     = alltrue([for shard in output.shards : shard.settings.RUN_INTERVAL == "2h" && shard.settings.RUN_BUDGET_SECONDS == "20"])
    error_message = "what is set rules"
  }
}

run "twenty_settings_fit_and_a_shard_has_its_own" {
  command = plan

  variables {
    settings = { for number in range(17) : "SETTING_${number}" => "x" }
    shards   = { everything = { targets = "targets.yaml", settings = { SETTING_0 = "own", HSS_REGION = "eu-de" } } }
  }
  assert {
    condition     = length(output.shards["everything"].settings) == 20 && output.shards["everything"].settings.SETTING_0 == "own"
    error_message = "twenty, and the shard's own rules"
  }
}

run "twenty_one_settings_are_refused" {
  command = plan

  variables {
    settings = { for number in range(20) : "SETTING_${number}" => "x" }
  }
  expect_failures = [output.shards]
}

run "settings_of_4096_characters_fit" {
  command = plan

  variables {
    run_interval = ""
    settings     = { LONG = format("%0${4096 - 11}d", 0) } # {"LONG":""}
  }
  assert {
    condition     = length(jsonencode(output.shards["everything"].settings)) == 4096
    error_message = "4,096 characters"
  }
}

run "settings_of_4097_characters_are_refused" {
  command = plan

  variables {
    run_interval = ""
    settings     = { LONG = format("%0${4097 - 11}d", 0) }
  }
  expect_failures = [output.shards]
}

run "two_shards_with_one_targets_file_are_refused" {
  command = plan

  variables {
    shards = { one = { targets = "targets.yaml" }, two = { targets = "targets.yaml" } }
  }
  expect_failures = [output.shards]
}

run "two_shards_without_targets_files_are_refused" {
  command = plan

  variables {
    shards = { one = {}, two = { targets = "two.yaml" } }
  }
  expect_failures = [output.shards]
}

run "a_name_too_long_for_cloud_eye_is_refused" {
  command = plan

  variables {
    name   = "port-compliance-of-the-department"
    shards = { a-very-long-name-of-a-shard = { targets = "a.yaml" } }
  }
  expect_failures = [output.shards]
}

run "a_shard_s_name_is_small_letters" {
  command = plan

  variables {
    shards = { "Shard_1" = {} }
  }
  expect_failures = [var.shards]
}

run "no_shard_at_all_is_refused" {
  command = plan

  variables {
    shards = {}
  }
  expect_failures = [var.shards]
}

run "minutes_that_do_not_divide_an_hour_are_refused" {
  command = plan

  variables {
    timer_minutes = 7
  }
  expect_failures = [var.timer_minutes]
}

run "twice_a_day_cloud_eye_looks_at_a_day" {
  command = plan

  variables {
    hours = "6,18"
  }
  assert {
    condition     = output.shards["everything"].schedule == "42 53 6,18 * * ?" && output.alarms["everything/silent"].period == 86400
    error_message = "the hours are the timer's"
  }
}

run "hours_that_are_no_cron_field_are_refused" {
  command = plan

  variables {
    hours = "6 18"
  }
  expect_failures = [var.hours]
}

run "an_interval_without_a_unit_is_refused" {
  command = plan

  variables {
    run_interval = "60"
  }
  expect_failures = [var.run_interval]
}
