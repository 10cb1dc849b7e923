"""clouds.yaml: where it is looked for, what is read of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from handler.errors import SettingsError
from handler.hss.clouds_yaml import read_cloud, search_paths

AUTH = {
    "auth_url": "https://iam.eu-de.otc.t-systems.com/v3",
    "username": "reader",
    "password": "SECRET",
    "user_domain_name": "OTC1",
    "project_name": "eu-de",
}
SETTINGS = {
    "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3",
    "OS_USERNAME": "reader",
    "OS_PASSWORD": "SECRET",
    "OS_USER_DOMAIN_NAME": "OTC1",
    "OS_PROJECT_NAME": "eu-de",
}


def write(folder: Path, cloud: object, name: str = "clouds.yaml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({"clouds": {"otc": cloud}}), encoding="utf-8")
    return file


def problems(cloud: object, folder: Path) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read_cloud("otc", [write(folder, cloud)])
    assert "SECRET" not in str(caught.value)
    return tuple(problem.split(": ", 1)[1] for problem in caught.value.problems)


def test_the_order_of_search_is_openstacks():
    found = search_paths(Path("/w"), Path("/h"), Path("/etc/openstack"), Path("/named.yaml"))
    assert [str(path) for path in found] == [
        "/named.yaml",
        *(f"{folder}/clouds.{end}" for folder in ("/w", "/h/.config/openstack", "/etc/openstack") for end in ("yaml", "yml", "json")),
    ]  # fmt: skip


def test_the_first_file_that_exists_is_read(tmp_path):
    paths = search_paths(tmp_path / "w", tmp_path / "h", tmp_path / "etc")
    write(tmp_path / "etc", {"auth": AUTH | {"username": "site"}})
    write(tmp_path / "h" / ".config" / "openstack", {"auth": AUTH})
    assert read_cloud("otc", paths)["OS_USERNAME"] == "reader"


def test_a_password_cloud_gives_the_os_settings(tmp_path):
    file = write(tmp_path, {"auth_type": "v3password", "auth": AUTH, "region_name": "eu-de"})
    assert read_cloud("otc", [file]) == SETTINGS | {"HSS_REGION": "eu-de"}


def test_a_token_cloud_gives_a_ready_token(tmp_path):
    file = write(tmp_path, {"auth_type": "token", "auth": {"token": "t", "project_id": "p"}})
    assert read_cloud("otc", [file]) == {"HSS_AUTH_TOKEN": "t", "HSS_PROJECT_ID": "p"}  # a token logs nobody in


def test_json_is_read_too(tmp_path):
    (tmp_path / "clouds.json").write_text(json.dumps({"clouds": {"otc": {"auth": AUTH}}}))
    assert read_cloud("otc", [tmp_path / "clouds.json"]) == SETTINGS


def test_secure_yaml_of_the_same_folder_lies_on_top(tmp_path):
    file = write(tmp_path, {"auth": {key: value for key, value in AUTH.items() if key != "password"}})
    write(tmp_path, {"auth": {"password": "SECRET"}}, "secure.yaml")
    assert read_cloud("otc", [file]) == SETTINGS


def test_a_secure_yaml_without_this_cloud_changes_nothing(tmp_path):
    file = write(tmp_path, {"auth": AUTH})
    (tmp_path / "secure.yaml").write_text("clouds: {other: {auth: {password: x}}}")
    assert read_cloud("otc", [file]) == SETTINGS


def test_a_project_id_does_without_a_name(tmp_path):
    auth = {key: value for key, value in AUTH.items() if key != "project_name"} | {"project_id": "p"}
    assert read_cloud("otc", [write(tmp_path, {"auth": auth})])["OS_PROJECT_ID"] == "p"


def test_all_that_is_missing_is_said_at_once(tmp_path):
    missing = {problem.split(".")[-1] for problem in problems({"auth": {"password": "SECRET"}}, tmp_path)}
    assert missing == {f"{key} is missing" for key in ("auth_url", "username", "user_domain_name", "project_name")}


@pytest.mark.parametrize("kind", ["v3applicationcredential", "v2password", "v3oidcpassword", "none"])
def test_another_way_to_log_in_is_refused_by_name(kind, tmp_path):
    assert problems({"auth_type": kind, "auth": AUTH}, tmp_path) == (f"clouds.otc.auth_type: {kind} is not supported",)


def test_a_profile_without_an_address_is_refused(tmp_path):
    auth = {key: value for key, value in AUTH.items() if key != "auth_url"}
    assert problems({"profile": "otc", "auth": auth}, tmp_path) == (
        "clouds.otc.profile: profiles are not read, write auth.auth_url",
    )


@pytest.mark.parametrize("cloud", [{}, {"auth": None}, {"auth": []}, {"auth": {}}])
def test_a_cloud_without_auth_is_refused(cloud, tmp_path):
    assert problems(cloud, tmp_path) == ("clouds.otc.auth is missing",)


@pytest.mark.parametrize(
    "text", ["", "[]", "clouds: []", "clouds: {other: {}}", "clouds: {otc: 1}", "a: [", "!!python/object:x.Y {}"]
)
def test_a_file_that_says_nothing_of_the_cloud_is_refused(text, tmp_path):
    (tmp_path / "clouds.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"clouds\.yaml"):
        read_cloud("otc", [tmp_path / "clouds.yaml"])


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "clouds.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_cloud("otc", [tmp_path / "clouds.yaml"])


def test_no_file_at_all_is_said(tmp_path):
    with pytest.raises(SettingsError, match=r"no clouds\.yaml found"):
        read_cloud("otc", search_paths(tmp_path, tmp_path, tmp_path))


def cloud_of(folder, text):
    (folder / "clouds.yaml").write_text(text)
    return read_cloud("prod", [folder / "clouds.yaml"])


SCALARS = """clouds:
  prod:
    region_name: eu-de
    auth:
      auth_url: "http://127.0.0.1:9/v3"
      username: 007
      password: %s
      user_domain_name: OTC1
      project_id: abc
"""


@pytest.mark.parametrize(
    "written", ["0123456", "007", "1e3", "0x1F", "12:30:00", "yes", "off", "2026-12-01", "1_000", ".5", "00:11:22:33"]
)
def test_a_scalar_is_the_text_that_is_written(tmp_path, written):
    """YAML 1.1 makes 42798 of the password 0123456."""
    known = cloud_of(tmp_path, SCALARS % written)
    assert (known["OS_USERNAME"], known["OS_PASSWORD"]) == ("007", written)


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_nothing_written_is_missing_and_no_text(tmp_path, nothing):
    with pytest.raises(SettingsError, match=r"clouds\.prod\.auth\.password is missing"):
        cloud_of(tmp_path, SCALARS % nothing)


def test_anchors_and_merge_keys_of_clouds_yaml_are_read(tmp_path):
    text = "base: &b {auth_url: 'https://iam', username: u, password: 1, user_domain_name: D}\n"
    text += "clouds: {prod: {auth: {<<: *b, project_id: 007}}}\n"
    assert cloud_of(tmp_path, text)["OS_PROJECT_ID"] == "007"
    assert cloud_of(tmp_path, text)["OS_PASSWORD"] == "1"


NAMELESS = {key: value for key, value in AUTH.items() if key != "user_domain_name"}


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ({"user_domain_id": "default"}, {"OS_USER_DOMAIN_ID": "default"}),
        ({"domain_id": "d"}, {"OS_USER_DOMAIN_ID": "d"}),
        ({"domain_name": "D"}, {"OS_USER_DOMAIN_NAME": "D"}),
        ({"project_domain_id": "p"}, {"OS_USER_DOMAIN_ID": "p", "OS_PROJECT_DOMAIN_ID": "p"}),
        ({"project_domain_name": "P"}, {"OS_USER_DOMAIN_NAME": "P", "OS_PROJECT_DOMAIN_NAME": "P"}),
        (
            {"user_domain_name": "U", "project_domain_name": "P"},
            {"OS_USER_DOMAIN_NAME": "U", "OS_PROJECT_DOMAIN_NAME": "P"},
        ),
    ],
)
def test_domains_by_name_and_id_of_user_and_project(tmp_path, domain, expected):
    known = read_cloud("otc", [write(tmp_path, {"auth": NAMELESS | domain})])
    assert {name: value for name, value in known.items() if "DOMAIN" in name} == expected


@pytest.mark.parametrize(
    "cloud",
    [
        {"auth": {"ak": "A", "sk": "S", "project_id": "p"}},
        {"auth": {"project_id": "p"}, "ak": "A", "sk": "S"},
        {"auth_type": "password", "auth": {"ak": "A", "sk": "S", "project_id": "p", "auth_url": "https://iam"}},
    ],
)
def test_an_access_key_is_read_wherever_it_stands(tmp_path, cloud):
    known = read_cloud("otc", [write(tmp_path, cloud)])
    assert known == {"HUAWEICLOUD_SDK_AK": "A", "HUAWEICLOUD_SDK_SK": "S", "HSS_PROJECT_ID": "p"}


def test_half_an_access_key_is_said(tmp_path):
    assert problems({"auth": {"ak": "A"}}, tmp_path) == ("clouds.otc.auth.sk is missing",)


def test_a_password_beside_an_access_key_is_what_the_cloud_logs_in_with(tmp_path):
    known = read_cloud("otc", [write(tmp_path, {"auth": AUTH | {"ak": "A", "sk": "S"}})])
    assert known == SETTINGS


def test_without_a_home_the_working_folder_is_searched(tmp_path):
    write(tmp_path, {"auth": AUTH})
    assert read_cloud("otc", search_paths(tmp_path, None, Path("/etc/openstack"))) == SETTINGS


def test_a_home_that_cannot_be_looked_into_is_passed(tmp_path):
    with pytest.raises(SettingsError, match=r"no clouds\.yaml found, tried 9 places"):
        read_cloud("otc", search_paths(tmp_path, tmp_path / ("x" * 5000), tmp_path))
