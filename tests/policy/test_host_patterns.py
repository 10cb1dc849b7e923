"""Which servers `hosts` names, and when it is plain that one list names all that another does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.models.listeners import Listener
from handler.policy.host_patterns import contains, host_pattern, names_server

ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
PLAIN_ID = ID.replace("-", "")
WIN = Listener(host_id=ID, host_name="Win-7", host_ip="10.2.0.7")
NAMELESS = Listener(host_id=ID, host_ip="10.2.0.7")
NO_ADDRESS = Listener(host_id=ID, host_name="win-7")
POD = Listener(ID, "node-1", "10.2.0.7", container_id="c" * 64, container_name="web-5f")


@pytest.mark.parametrize(
    ("hosts", "listener", "answer"),
    [
        ([], WIN, "yes"),
        (["win-*"], WIN, "yes"),
        (["WIN-?"], WIN, "yes"),
        (["win-[1-3]"], WIN, "no"),
        (["lift-*"], WIN, "no"),
        (["lift-*", "win-7"], WIN, "yes"),
        ([ID], WIN, "yes"),
        ([ID.upper()], WIN, "yes"),
        ([ID.replace("-", "")], WIN, "yes"),
        (["1" + ID[1:]], WIN, "no"),
        (["0f1e2d3c-*"], WIN, "yes"),
        (["10.2.0.7"], WIN, "yes"),
        (["::ffff:10.2.0.7"], WIN, "yes"),
        (["10.2.0.0/16"], WIN, "yes"),
        (["10.3.0.0/16"], WIN, "no"),
        (["2001:db8::/32"], WIN, "no"),
        (["2001:db8::/32"], WIN._replace(host_ip="2001:db8::7"), "yes"),
        (["10.2.0.0/16"], WIN._replace(host_ip="::ffff:10.2.0.7"), "yes"),
        (["win-*", "!win-7"], WIN, "no"),
        (["!win-7", "win-*"], WIN, "no"),
        (["!win-7"], WIN, "no"),
        (["!win-8"], WIN, "yes"),
        (["10.2.0.0/16", "!10.2.0.0/24"], WIN, "no"),
        (["10.2.0.0/16", "!10.2.1.0/24"], WIN, "yes"),
    ],
)
def test_a_list_names_a_server(hosts, listener, answer):
    assert names_server(hosts, "host", listener) == answer


@pytest.mark.parametrize(
    ("hosts", "listener", "answer"),
    [
        (["win-*"], NAMELESS, "undecidable"),
        ([ID, "win-*"], NAMELESS, "yes"),
        ([ID, "!win-*"], NAMELESS, "undecidable"),
        (["0f1e*"], NAMELESS, "yes"),
        (["10.2.0.0/16"], NO_ADDRESS, "undecidable"),
        (["10.2.0.0/16", "win-7"], NO_ADDRESS, "yes"),
        (["10.2.0.0/16", "!win-7"], NO_ADDRESS, "no"),
        (["10.2.0.0/16"], WIN._replace(host_ip="not an address"), "undecidable"),
        ([ID], WIN._replace(host_id=""), "undecidable"),
        ([], Listener(), "yes"),
    ],
)
def test_a_pattern_that_needs_what_the_cloud_does_not_tell_is_undecidable(hosts, listener, answer):
    assert names_server(hosts, "host", listener) == answer


@pytest.mark.parametrize(
    ("hosts", "answer"),
    [
        (["web-*"], "yes"),
        (["c" * 64], "yes"),
        (["node-*"], "no"),  # the server's name is not the container's
        ([ID], "no"),
        (["10.2.0.0/16"], "undecidable"),  # a container has no address of its own
    ],
)
def test_in_containers_a_list_matches_their_names_and_ids(hosts, answer):
    assert names_server(hosts, "container", POD) == answer


def test_no_server_takes_the_id_of_another_for_its_name():
    assert names_server([ID], "host", Listener(host_id="1" + ID[1:], host_name=ID, host_ip="10.2.0.9")) == "no"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("", "has a text"),
        ("!", "has a text"),
        (" win", "without blanks"),
        ("10.2.0.0/33", "is no network"),
        ("10.2.0.7/16", "has host bits set"),
        ("2001:db8::/200", "is no network"),
        ("10.2.*", "looks like addresses"),
        ("10.2.0", "looks like addresses"),
        ("2001:db8:*", "looks like addresses"),
        ("app/web", "names have no '/'"),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_reason(entry, why):
    with pytest.raises(ValueError, match=why):
        host_pattern(entry)


@pytest.mark.parametrize(
    ("wide", "narrow", "plain"),
    [
        ([], [], True),
        ([], ["win-7"], True),
        (["win-7"], [], False),
        (["win-7"], ["WIN-7"], True),
        (["win-*"], ["win-7"], True),
        (["win-*"], ["win-a*"], True),
        (["win-*"], ["win-?"], True),
        (["win-a*"], ["win-*"], False),
        (["*-7"], ["win-*-7"], False),  # true, but not plain from the texts
        (["10.2.0.0/16"], ["10.2.0.7"], True),
        (["10.2.0.0/16"], ["10.2.0.0/17"], True),
        (["10.2.0.0/17"], ["10.2.0.0/16"], False),
        (["10.2.0.0/16"], ["2001:db8::/64"], False),
        (["10.0.0.0/8"], ["win-7"], False),
        (["*"], ["10.2.0.7"], False),
        (["*"], [ID], True),
        ([ID], [PLAIN_ID], True),
        ([PLAIN_ID], [ID], True),
        ([f"{ID[:6]}*"], [PLAIN_ID], True),
        ([f"{PLAIN_ID[:9]}*"], [PLAIN_ID], False),  # HSS may tell it with dashes
        ([f"{ID[:10]}*"], [ID], False),  # or without
        ([f"!{PLAIN_ID[:9]}*"], [f"!{PLAIN_ID}"], False),
        (["win-*", "!win-7"], ["win-*"], False),
        (["win-*", "!win-7"], ["win-*", "!win-7"], True),
        (["win-*"], ["win-*", "!win-7"], True),
        (["win-*", "!win-7"], ["win-*", "!win-*"], True),
        (["!10.2.0.7"], ["!10.2.0.0/16"], True),
        (["!10.2.0.0/16"], ["!10.2.0.7"], False),
    ],
)
def test_one_list_plainly_contains_another(wide, narrow, plain):
    assert contains(wide, narrow) is plain


IDS = [ID, PLAIN_ID, "0*", f"{PLAIN_ID[:9]}*", f"{ID[:10]}*"]
_ENTRIES = st.sampled_from(
    ["*", "w*", "win-*", "win-7", "web-?", "we*", "10.2.0.0/16", "10.2.0.0/24", "10.2.0.7", "0.0.0.0/0", *IDS]
)
_LISTS = st.lists(st.one_of(_ENTRIES, _ENTRIES.map("!{}".format)), max_size=4)
_LISTENERS = st.builds(
    Listener,
    host_id=st.sampled_from([ID, PLAIN_ID, "1" + ID[1:], ""]),
    host_name=st.sampled_from(["win-7", "web-1", "w", ID, ""]),
    host_ip=st.sampled_from(["10.2.0.7", "10.2.1.7", "192.0.2.1", ""]),
)


@given(wide=_LISTS, narrow=_LISTS, listener=_LISTENERS)
def test_what_a_contained_list_names_the_wide_one_never_denies(wide, narrow, listener):
    if contains(wide, narrow) and names_server(narrow, "host", listener) == "yes":
        assert names_server(wide, "host", listener) != "no"
