"""TARGETS_CONFIG: places, credentials by prefix, and every problem with its line."""

import pytest

from handler.errors import SettingsError
from handler.settings.plain_targets import plain_entries
from handler.settings.targets_cache import TargetsCache
from handler.settings.targets_file import read_targets


def read(text, **settings):
    return read_targets("targets.yaml", text.encode(), settings.get)


def problems(text, **settings):
    with pytest.raises(SettingsError) as caught:
        read(text, **settings)
    return "\n".join(caught.value.problems)


def test_a_target_per_entry_with_its_own_place():
    (place,) = read(
        "targets:\n  - {name: prod, cloud: otc, region: eu-de, project_id: abc, categories: [container], policy: p.yaml}\n"
    )
    assert (place.name, place.endpoint) == ("prod", "https://hss.eu-de.otc.t-systems.com")
    assert (place.categories, place.policy, place.enterprise_project_id) == (
        ("container",),
        "p.yaml",
        "all_granted_eps",
    )


def test_each_enterprise_project_is_a_target():
    places = read('targets:\n  - {name: p, region: cn-north-4, project_id: a, enterprise_projects: ["0", "x"]}\n')
    assert [(p.name, p.enterprise_project_id) for p in places] == [("p-0", "0"), ("p-x", "x")]


def test_a_target_may_say_whom_to_ask_and_what_to_open():
    place = "region: eu-de, project_id: a"
    (known,) = read(
        f"targets:\n  - {{name: p, {place}, owner: team-a@example.org, link: https://wiki.example.org/p}}\n"
    )
    assert (known.owner, known.link) == ("team-a@example.org", "https://wiki.example.org/p")
    assert "targets.yaml:2:51: link" in problems(f"targets:\n  - {{name: p, {place}, link: 'javascript:alert(1)'}}\n")


def test_credentials_come_by_prefix():
    keys = {"PROD_HUAWEICLOUD_SDK_AK": "a", "PROD_HUAWEICLOUD_SDK_SK": "s", "HSS_AUTH_TOKEN": "t" * 40}
    text = "targets:\n  - {name: p, region: eu-de, project_id: a, credentials: PROD}\n  - {name: q, region: eu-de, project_id: a}\n"
    assert [p.credentials.kind for p in read(text, **keys)] == ["keys", "token"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("targets: []\n", "targets.yaml:1:10: targets"),
        ("targets:\n  - {name: p, project_id: a}\n", "targets.yaml:2:5: region is missing"),
        ("targets:\n  - {name: p, region: mars-1, project_id: a}\n", "region 'mars-1' has no HSS"),
        (
            "targets:\n  - {name: p, cloud: huaweicloud, region: eu-de, project_id: a}\n",
            "region 'eu-de' has no HSS on huaweicloud; set cloud: otc",
        ),
        ("targets:\n  - {name: P, region: eu-de, project_id: a}\n", "targets.yaml:2:12: name"),
        ("targets:\n  - {name: p, regoin: eu-de, project_id: a}\n", "unknown key 'regoin'; did you mean region?"),
        ("targets:\n  - {name: p, region: eu-de}\n", "project_id is missing"),
        ("targets:\n  - {name: p, endpoint: 'ftp://x', project_id: a}\n", "endpoint: must be a full URL"),
        (
            "targets:\n  - {name: p, region: eu-de, project_id: a, credentials: PROD}\n",
            "PROD_HUAWEICLOUD_SDK_AK: is missing",
        ),
        ("targets: [\n", "this is not YAML"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(text, part):
    assert part in problems(text)


def test_two_targets_with_one_name_are_named_with_both_lines():
    entry = "  - {name: p, region: eu-de, project_id: a}\n"
    assert "targets.yaml:3:12: the name 'p' is used twice, first at targets.yaml:2:12" in problems(
        "targets:\n" + entry * 2
    )


def test_a_name_made_for_an_enterprise_project_collides_too():
    text = (
        'targets:\n  - {name: p, region: eu-de, project_id: a, enterprise_projects: ["0", "1"]}\n'
        "  - {name: p-1, region: eu-de, project_id: a}\n"
    )
    assert "'p-1' is used twice" in problems(text)


SHARED = "cloud: otc, region: eu-de, project_id: 0123456789abcdef0123456789abcdef"


def test_a_file_that_did_not_change_is_read_once_and_one_that_did_again():
    cache, text = TargetsCache(), f"targets:\n  - {{name: a, {SHARED}, credentials: PROD}}\n"
    keys = {"PROD_HUAWEICLOUD_SDK_AK": "a", "PROD_HUAWEICLOUD_SDK_SK": "s"}
    first = read_targets("t.yaml", text.encode(), keys.get, cache)
    assert read_targets("t.yaml", text.encode(), keys.get, cache) is first
    assert read_targets("t.yaml", text.replace("name: a", "name: b").encode(), keys.get, cache)[0].name == "b"
    (rotated,) = read_targets("t.yaml", text.encode(), {**keys, "PROD_HUAWEICLOUD_SDK_SK": "new"}.get, cache)
    assert rotated.credentials.secret_key.reveal() == "new"
    with pytest.raises(SettingsError):
        read_targets("t.yaml", text.encode(), {}.get, cache)


def test_five_thousand_targets_are_read_the_short_way():
    block = "  - name: t{0}\n    cloud: otc\n    region: eu-de\n    project_id: {0:032x}\n    owner: team@example.org\n"
    text = "targets:\n" + "".join(block.format(number + 0xA0000000) for number in range(5000))
    assert len(plain_entries(text.encode())) == 5000
    assert len(read(text)) == 5000


def test_a_target_hides_no_problem_of_another():
    text = """targets:
  - {name: a, region: mars, cloud: otc, project_id: p1}
  - {name: b, region: eu-de, project_id: p2, categories: [vm]}
  - {name: c, region: eu-de, project_id: }
  - {name: d, region: eu-de, project_id: p4, credentials: GONE}
"""
    with pytest.raises(SettingsError) as raised:
        read_targets("targets.yaml", text.encode(), {}.get)
    message = str(raised.value)
    for line, part in ((2, "mars"), (3, "'host' or 'container'"), (4, "nothing is written"), (5, "GONE_")):
        assert any(said.startswith(f"targets.yaml:{line}:") and part in said for said in message.splitlines()), message
