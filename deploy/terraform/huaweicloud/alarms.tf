# Cloud Eye tells an SMN topic of a shard that does not run and of one whose runs fail: the function itself cannot.

resource "huaweicloud_ces_alarmrule" "silent" {
  for_each = var.alarm_topic_urn == "" ? {} : local.shards

  alarm_name        = "${each.value.function}-silent"
  alarm_description = "No run: the timer is off, the function deleted, or the platform does not start it"

  metric {
    namespace = "SYS.FunctionGraph"
  }
  resources {
    dimensions {
      name  = "package-functionname"
      value = "default-${huaweicloud_fgs_function.check[each.key].name}"
    }
  }
  condition {
    metric_name         = "count"
    period              = module.shards.silence_seconds
    filter              = "sum"
    comparison_operator = "<"
    value               = 1 # not `<= 0`: a provider leaves a zero out
    unit                = "count"
    count               = 2
    suppress_duration   = 86400
  }

  alarm_actions {
    type              = "notification"
    notification_list = [var.alarm_topic_urn]
  }
  ok_actions {
    type              = "notification"
    notification_list = [var.alarm_topic_urn]
  }
}

resource "huaweicloud_ces_alarmrule" "errors" {
  for_each = var.alarm_topic_urn == "" ? {} : local.shards

  alarm_name        = "${each.value.function}-errors"
  alarm_description = "Runs that failed: nobody was told, or a setting is broken"

  metric {
    namespace = "SYS.FunctionGraph"
  }
  resources {
    dimensions {
      name  = "package-functionname"
      value = "default-${huaweicloud_fgs_function.check[each.key].name}"
    }
  }
  condition {
    metric_name         = "failcount"
    period              = 300
    filter              = "sum"
    comparison_operator = ">="
    value               = 1
    unit                = "count"
    count               = 1
    suppress_duration   = 86400
  }

  alarm_actions {
    type              = "notification"
    notification_list = [var.alarm_topic_urn]
  }
  ok_actions {
    type              = "notification"
    notification_list = [var.alarm_topic_urn]
  }
}
