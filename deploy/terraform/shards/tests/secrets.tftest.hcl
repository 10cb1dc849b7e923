run "twenty_secrets_fit" {
  command = plan

  variables {
    secrets = { for number in range(20) : "SECRET_${number}" => "x" }
  }
  assert {
    condition     = nonsensitive(length(output.secrets["everything"])) == 20
    error_message = "twenty"
  }
}

run "twenty_one_secrets_are_refused" {
  command = plan

  variables {
    secrets = { for number in range(21) : "SECRET_${number}" => "x" }
  }
  expect_failures = [var.secrets]
}

run "twenty_and_one_of_the_shard_s_own_are_refused" {
  command = plan

  variables {
    secrets       = { for number in range(20) : "SECRET_${number}" => "x" }
    shard_secrets = { everything = { ONE_MORE = "x" } }
  }
  expect_failures = [output.secrets]
}

run "secrets_of_4096_characters_fit" {
  command = plan

  variables {
    secrets = { LONG = format("%0${4096 - 11}d", 0) } # {"LONG":""}
  }
  assert {
    condition     = nonsensitive(length(jsonencode(output.secrets["everything"]))) == 4096
    error_message = "4,096 characters"
  }
}

run "secrets_of_4097_characters_are_refused" {
  command = plan

  variables {
    secrets = { LONG = format("%0${4097 - 11}d", 0) }
  }
  expect_failures = [var.secrets]
}

run "too_long_with_the_shard_s_own_are_refused" {
  command = plan

  variables {
    secrets       = { LONG = format("%0${4000 - 11}d", 0) }
    shard_secrets = { everything = { MORE = format("%0${97 - 10}d", 0) } } # ,"MORE":""
  }
  expect_failures = [output.secrets]
}

run "secrets_of_a_shard_that_is_none_are_refused" {
  command = plan

  variables {
    shard_secrets = { shard-9 = { HUAWEICLOUD_SDK_AK = "AK" } }
  }
  expect_failures = [output.secrets]
}
