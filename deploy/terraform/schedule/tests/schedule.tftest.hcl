run "without_targets_one_timer_checks_everything" {
  command = plan

  assert {
    condition     = output.timers == { everything = { group = "00", schedule = "17 7 * * * ?", user_event = "" } }
    error_message = "one timer, off the full hour, with no event of its own"
  }
}

run "targets_are_minutes_apart" {
  command = plan

  variables {
    targets       = ["prod", "stage", "2nd-site"]
    minutes_apart = 5
    hours         = "6,18"
  }
  assert {
    condition     = [for timer in output.timers : timer.schedule] == ["17 17 6,18 * * ?", "17 7 6,18 * * ?", "17 12 6,18 * * ?"]
    error_message = "minutes 7, 12 and 17"
  }
  assert {
    condition     = output.timers["t-2nd-site"].user_event == "{\"target\":\"2nd-site\"}"
    error_message = "the event names the target"
  }
}

run "ten_timers_to_a_function" {
  command = plan

  variables {
    targets = [for number in range(30) : "target-${number}"]
  }
  assert {
    condition     = output.groups == toset(["00", "01", "02"])
    error_message = "three functions for thirty targets"
  }
  assert {
    condition     = max([for group in output.groups : length([for timer in output.timers : 1 if timer.group == group])]...) == 10
    error_message = "at most ten timers each"
  }
  assert {
    condition     = length(distinct([for timer in output.timers : timer.schedule])) == 30 && output.fits_into_an_hour
    error_message = "each target has a minute of its own"
  }
}

run "too_many_for_an_hour_is_said" {
  command = plan

  variables {
    targets = [for number in range(31) : "target-${number}"]
  }
  assert {
    condition     = !output.fits_into_an_hour
    error_message = "31 targets, two minutes apart, do not fit"
  }
}

run "a_target_named_twice_is_refused" {
  command = plan

  variables {
    targets = ["prod", "prod"]
  }
  expect_failures = [var.targets]
}

run "the_full_hour_is_refused" {
  command = plan

  variables {
    first_minute = 0
  }
  expect_failures = [var.first_minute]
}

run "hours_that_are_no_cron_field_are_refused" {
  command = plan

  variables {
    hours = "6 18"
  }
  expect_failures = [var.hours]
}
