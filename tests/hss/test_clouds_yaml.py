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
    assert read_cloud("otc", [file]) == {"HSS_AUTH_TOKEN": "t", "OS_PROJECT_ID": "p"}


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
