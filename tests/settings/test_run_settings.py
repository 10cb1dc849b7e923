"""Settings: every problem at once, every default as documented, no secret shown."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import SettingsError
from handler.settings.places import HSS_REGIONS, cloud_of, service_endpoint
from handler.settings.reader import parse_duration, url_trouble
from handler.settings.run_settings import read_settings
from handler.settings.targets_file import read_targets
from tests.world import CANARY

KNOWN = {"HSS_REGION": "eu-de", "HSS_CLOUD": "otc", "HSS_PROJECT_ID": "abc", "HSS_AUTH_TOKEN": "t" * 40}


def read(**changes):
    known = {key: value for key, value in (KNOWN | changes).items() if value is not None}
    options = {key: known.pop(key) for key in ("in_function", "own_project", "needs_place") if key in known}
    return read_settings(known.get, **options)


def problems(**changes):
    with pytest.raises(SettingsError) as caught:
        read(**changes)
    return caught.value.problems


def test_the_defaults():
    settings = read()
    assert settings.place.endpoint == "https://hss.eu-de.otc.t-systems.com"
    assert settings.place.enterprise_project_id == "all_granted_eps"
    assert settings.place.categories == ()
    assert (settings.calls_per_minute, settings.validation, settings.log_format) == (5, "warn", "text")
    assert (settings.state_url, settings.budget_seconds, settings.run_interval) == (None, None, None)
    assert settings.obs_endpoint == "https://obs.eu-de.otc.t-systems.com"


def test_in_the_function_logs_are_json_and_the_project_is_its_own():
    settings = read(in_function=True, own_project="own", HSS_PROJECT_ID=None)
    assert (settings.log_format, settings.place.project_id) == ("json", "own")


@pytest.mark.parametrize(
    ("endpoint", "cloud", "expected"),
    [
        ("https://hss.eu-de.otc.t-systems.com", None, "otc"),
        ("https://hss.cn-north-4.myhuaweicloud.com", None, "huaweicloud"),
        ("https://otc.t-systems.com.evil.example", None, "huaweicloud"),
        ("https://proxy.example.org/hss", "otc", "otc"),
        ("http://127.0.0.1:8080", None, "huaweicloud"),
    ],
)
def test_the_cloud_is_the_settings_else_the_host_names(endpoint, cloud, expected):
    assert read(HSS_ENDPOINT=endpoint, HSS_CLOUD=cloud, HSS_REGION=None).place.cloud == expected


def test_a_region_of_the_other_cloud_is_refused_with_advice():
    assert problems(HSS_CLOUD="huaweicloud") == ("HSS_REGION: 'eu-de' has no HSS on huaweicloud; set HSS_CLOUD=otc",)


def test_a_new_region_is_asked_for_its_endpoint():
    expected = "HSS_REGION: 'mars-1' has no HSS on huaweicloud; set HSS_ENDPOINT instead if the region is new"
    assert problems(HSS_CLOUD=None, HSS_REGION="mars-1") == (expected,)


def test_a_wrong_endpoint_is_one_problem_and_not_also_a_missing_one():
    found = problems(HSS_ENDPOINT="https://user:pw@hss.example.org", HSS_REGION=None)
    assert found == ("HSS_ENDPOINT: must not hold a user name or password",)


@pytest.mark.parametrize(
    ("endpoint", "cloud", "region", "expected"),
    [
        ("", "", "eu-de", ("https://hss.eu-de.otc.t-systems.com", "otc", "eu-de")),
        ("", "otc", "eu-de", ("https://hss.eu-de.otc.t-systems.com", "otc", "eu-de")),
        ("", "", "cn-north-4", ("https://hss.cn-north-4.myhuaweicloud.com", "huaweicloud", "cn-north-4")),
        ("", "", "eu-west-101", ("https://hss.eu-west-101.myhuaweicloud.eu", "huaweicloud", "eu-west-101")),
        ("", "huaweicloud", "eu-de", None),
        ("", "otc", "cn-north-4", None),
        ("", "", "mars-1", None),
        (
            "https://hss.eu-de.otc.t-systems.com",
            "",
            "",
            ("https://hss.eu-de.otc.t-systems.com", "otc", "eu-de"),
        ),
        ("https://hss.example.org", "otc", "", ("https://hss.example.org", "otc", "")),
        ("https://hss.example.org", "", "eu-de", ("https://hss.example.org", "huaweicloud", "eu-de")),
        ("http://[::ffff:127.0.0.1]:8080", "", "", ("http://[::ffff:127.0.0.1]:8080", "huaweicloud", "")),
        ("http://hss.example.org", "", "", None),
    ],
)
def test_settings_and_targets_file_find_the_same_place(endpoint, cloud, region, expected):
    settings = {"HSS_ENDPOINT": endpoint, "HSS_CLOUD": cloud, "HSS_REGION": region, "HSS_PROJECT_ID": "abc"}
    written = {"cloud": cloud, "endpoint": endpoint, "region": region, "project_id": "abc"}
    entry = ", ".join(f"{key}: '{value}'" for key, value in written.items() if value)
    file = f"targets:\n  - {{name: p, {entry}}}\n".encode()
    assert where(lambda: read_settings(settings.get).place) == expected
    assert where(lambda: read_targets("t.yaml", file, {}.get)[0]) == expected


def where(read_place):
    try:
        place = read_place()
    except SettingsError:
        return None
    return place.endpoint, place.cloud, place.region


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "[::ffff:127.0.0.1]"])
def test_plain_http_is_allowed_on_this_machine(host):
    assert url_trouble(f"http://{host}:8080", ("https", "http")) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "10.0.0.1", "[::ffff:10.0.0.1]", "localhost.example", "127.1"])
def test_plain_http_is_refused_elsewhere(host):
    assert "must be https" in url_trouble(f"http://{host}:8080", ("https", "http"))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"HSS_REGION": None}, "HSS_ENDPOINT: is missing"),
        ({"HSS_ENDPOINT": "http://hss.example.org"}, "HSS_ENDPOINT: must be https"),
        ({"HSS_ENDPOINT": "https://user:pw@hss.example.org"}, "must not hold a user name or password"),
        ({"HSS_ENDPOINT": "https://[::1"}, "is not a URL"),
        ({"HSS_ENDPOINT": "https://hss.example.org/?key=pw"}, "must not hold a query or fragment"),
        ({"HSS_PROJECT_ID": None}, "HSS_PROJECT_ID: is missing"),
        ({"HSS_PROJECT_ID": "../x"}, "HSS_PROJECT_ID: must be"),
        ({"HSS_CATEGORIES": "host,vm"}, "HSS_CATEGORIES: must name host and container, not 'vm'"),
        ({"HSS_CALLS_PER_MINUTE": "-1"}, "HSS_CALLS_PER_MINUTE: must be a number from 0 to 600"),
        ({"HSS_CALLS_PER_MINUTE": "five"}, "HSS_CALLS_PER_MINUTE"),
        ({"RUN_BUDGET_SECONDS": "0"}, "RUN_BUDGET_SECONDS: must be a number from 1"),
        ({"RUN_INTERVAL": "0h"}, "RUN_INTERVAL: must be a length of time"),
        ({"VALIDATION": "lax"}, "VALIDATION: must be one of strict, warn"),
        ({"STATE_URL": "s3://b/k"}, "STATE_URL: must start with"),
        ({"STATE_URL": "file://relative"}, "STATE_URL: needs an absolute path"),
        ({"STATE_URL": "file:///tmp/x", "in_function": True}, "STATE_URL: a temporary folder"),
        ({"STATE_URL": "file:///x", "TARGETS_CONFIG": "t.yaml"}, "STATE_URL: must hold {target}"),
        ({"HSS_AUTH_TOKEN": "x" * 32_769}, "HSS_AUTH_TOKEN: must be 1 to 32768"),
        ({"HSS_AUTH_TOKEN": "a\nb"}, "HSS_AUTH_TOKEN"),
        ({"HSS_AUTH_TOKEN": None, "HUAWEICLOUD_SDK_AK": "a"}, "HUAWEICLOUD_SDK_SK: is missing"),
        ({"HSS_AUTH_TOKEN": None, "OS_USERNAME": "u", "OS_PASSWORD": "p"}, "OS_AUTH_URL: is missing"),
    ],
)
def test_a_bad_setting_is_named(changes, part):
    assert any(part in problem for problem in problems(**changes))


def test_all_problems_come_at_once():
    assert len(problems(HSS_CATEGORIES="vm", VALIDATION="x", RUN_INTERVAL="x", LOG_LEVEL="loud")) == 4


def test_offline_commands_need_no_place():
    assert read(HSS_REGION=None, HSS_PROJECT_ID=None, needs_place=False).place is None


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "token"),
        ({"HSS_AUTH_TOKEN": None, "HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s"}, "keys"),
        ({"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "s"}, "token"),
        (
            {
                "HSS_AUTH_TOKEN": None,
                "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3",
                "OS_USERNAME": "u",
                "OS_PASSWORD": "p",
                "OS_USER_DOMAIN_NAME": "d",
                "OS_PROJECT_ID": "p",
            },
            "password",
        ),
        ({"HSS_AUTH_TOKEN": None}, "agency"),
    ],
)
def test_the_order_of_credentials(changes, kind):
    assert read(**changes).place.credentials.kind == kind


def test_no_secret_is_shown():
    secrets = dict.fromkeys(("HSS_AUTH_TOKEN", "WEBHOOK_SECRET", "APIG_TOKEN"), CANARY) | {
        "WEBHOOK_URL": f"https://h.example/{CANARY}",
        "STATE_URL": f"redis://:{CANARY}@h",
    }
    settings = read(**secrets)
    assert CANARY not in repr(settings)
    keys = read(HSS_AUTH_TOKEN=None, HUAWEICLOUD_SDK_AK=CANARY, HUAWEICLOUD_SDK_SK=CANARY)
    assert CANARY not in repr(keys)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", timedelta(seconds=90)), ("30m", timedelta(minutes=30)), ("7d", timedelta(days=7)), ("2w", timedelta(14))],
)
def test_durations(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "1", "h", "1 day", "-1h", "1h30m", "0s", "9999999h"])
def test_other_words_are_no_duration(text):
    with pytest.raises(ValueError, match="length of time"):
        parse_duration(text)


def test_every_region_has_an_endpoint_of_its_cloud():
    for cloud, regions in HSS_REGIONS.items():
        assert all(cloud_of(service_endpoint("hss", cloud, region)) == cloud for region in regions)
    assert service_endpoint("hss", "huaweicloud", "eu-west-101") == "https://hss.eu-west-101.myhuaweicloud.eu"


@given(st.text(max_size=40))
def test_no_text_whatever_breaks_the_url_check(text):
    assert url_trouble(text, ("https", "http")) is None or "://" not in url_trouble(text, ("https", "http"))


def test_beside_a_token_an_access_key_is_known_for_obs():
    keys = {"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"}
    known = read(HSS_AUTH_TOKEN="t", **keys).place.credentials
    assert (known.kind, known.token.reveal(), known.access_key) == ("token", "t", "AK")


LOGIN = {"OS_AUTH_URL": "https://iam", "OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_USER_DOMAIN_ID": "d"}


@pytest.mark.parametrize(
    ("changes", "project_id"),
    [
        ({"OS_PROJECT_NAME": "eu-de"}, ""),
        ({"OS_PROJECT_NAME": "eu-de", "own_project": "own"}, ""),
        ({"OS_PROJECT_NAME": "eu-de", "OS_PROJECT_ID": "p"}, "p"),
        ({"OS_PROJECT_NAME": "eu-de", "HSS_PROJECT_ID": "h"}, "h"),
        ({"OS_PROJECT_ID": "p", "own_project": "own"}, "p"),
    ],
)
def test_a_project_that_a_login_names_is_the_tokens_and_not_the_functions_own(changes, project_id):
    known = {"HSS_AUTH_TOKEN": None, "HSS_PROJECT_ID": None, **LOGIN, **changes}
    place = read(**known).place
    assert (place.project_id, place.credentials.user_domain_id) == (project_id, "d")


def test_a_login_needs_a_domain_by_name_or_id():
    known = {"HSS_AUTH_TOKEN": None, **LOGIN, "OS_USER_DOMAIN_ID": None, "OS_PROJECT_ID": "p"}
    assert problems(**known) == ("OS_USER_DOMAIN_NAME: is missing beside OS_AUTH_URL",)


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"TARGET_NAME": "prod"}, "prod"),
        ({}, "eu-de 01234567"),
        ({"HSS_ENDPOINT": "https://hss.example.org:8443"}, "hss.example.org:8443 01234567"),
    ],
)
def test_the_one_target_has_a_name_for_people_and_keeps_its_own_for_the_state(changes, title):
    known = {"HSS_ENDPOINT": "https://hss.eu-de.otc.t-systems.com", "HSS_PROJECT_ID": "0123456789abcdef"}
    place = read_settings({**known, "HSS_AUTH_TOKEN": "t", **changes}.get).place
    assert (place.name, place.target.name) == ("default", title)
