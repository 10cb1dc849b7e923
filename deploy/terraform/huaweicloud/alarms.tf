# Cloud Eye tells an SMN topic of a shard that does not run and of one whose runs fail: the function itself cannot.

resource "huaweicloud_ces_alarmrule" "alarm" {
  for_each = module.shards.alarms

  alarm_name        = each.value.name
  alarm_description = each.value.description

  metric {
    namespace = "SYS.FunctionGraph"
  }
  resources {
    dimensions {
      name  = "package-functionname"
      value = "default-${huaweicloud_fgs_function.check[each.value.shard].name}"
    }
  }
  condition {
    metric_name         = each.value.metric
    period              = each.value.period
    filter              = "sum"
    comparison_operator = each.value.comparison
    value               = each.value.threshold
    unit                = "count"
    count               = each.value.count
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
