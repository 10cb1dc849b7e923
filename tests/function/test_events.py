"""What each documented event asks for, and what is refused."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import UsageError
from handler.function.events import Trigger, UnreadableCallError, check_body, is_gateway, read_event

TIMER = {
    "version": "v1.0",
    "time": "2026-11-22T08:07:00+01:00",
    "trigger_type": "TIMER",
    "trigger_name": "hourly",
    "user_event": "",
}
GATEWAY = {
    "body": "",
    "requestContext": {"apiId": "a", "requestId": "r", "stage": "RELEASE"},
    "queryStringParameters": {},
    "httpMethod": "GET",
    "pathParameters": {},
    "headers": {"accept": "application/json", "authorization": "Bearer t"},
    "path": "/check",
    "isBase64Encoded": True,
}
SMN = {"record": [{"event_version": "1.0", "smn": {"topic_urn": "urn", "message": "{}", "type": "notification"}}]}
OBS = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": "p.yaml"}}}]}
EVENTGRID = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {"target": "prod"}}


def timer(**chosen):
    return {**TIMER, "user_event": json.dumps(chosen)}


@pytest.mark.parametrize("event", [None, {}, ""])
def test_an_empty_event_starts_a_run(event):
    assert read_event(event) == Trigger("empty")


def test_a_timer_without_user_event_starts_a_run():
    assert read_event(TIMER) == Trigger("timer")


def test_a_timer_may_choose_policy_target_categories_and_dry_run():
    event = timer(policy="policies/p.yaml", target="prod", categories=["container", "host"], dry_run=True)
    assert read_event(event) == Trigger("timer", "policies/p.yaml", "prod", ("host", "container"), dry_run=True)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"targt": "prod"}, "unknown key 'targt'; did you mean target?"),
        ({"target": 7}, "user_event.target: must be a text"),
        ({"dry_run": "yes"}, "user_event.dry_run: must be true or false"),
        ({"notify_test": 1}, "user_event.notify_test: must be true or false"),
        ({"categories": ["vm"]}, "user_event.categories: must be a list of host and container"),
        ({"categories": []}, "user_event.categories"),
    ],
)
def test_a_wrong_choice_is_refused_by_name(chosen, message):
    with pytest.raises(UsageError, match=message.replace(".", r"\.").replace("?", r"\?")):
        read_event(timer(**chosen))


def test_all_wrong_choices_are_named_at_once():
    with pytest.raises(UsageError) as caught:
        read_event(timer(targt="x", dry_run=1))
    assert "targt" in str(caught.value)
    assert "dry_run" in str(caught.value)


@pytest.mark.parametrize("text", ["hello", "[1]", "3", "{", "[" * 100_000])
def test_a_user_event_that_is_no_object_is_refused(text):
    with pytest.raises(UsageError, match="user_event"):
        read_event({**TIMER, "user_event": text})


@pytest.mark.parametrize(("event", "kind"), [(SMN, "smn"), ({"cts": {"time": 1}}, "cts"), (EVENTGRID, "eventgrid")])
def test_other_services_only_start_a_run(event, kind):
    assert read_event(event) == Trigger(kind)


def test_an_obs_event_names_its_object():
    assert read_event(OBS) == Trigger("obs", bucket="b", key="p.yaml")


def test_an_obs_event_without_an_object_is_refused():
    with pytest.raises(UsageError, match="bucket name and object key"):
        read_event({"Records": [{"s3": {"bucket": {"name": 4}}}]})


@pytest.mark.parametrize(
    "event", [[], "text", 7, {"foo": 1}, {"record": []}, {"Records": [4]}, {"trigger_type": "KAFKA"}]
)
def test_anything_else_is_refused_with_what_was_seen(event):
    with pytest.raises(UsageError, match="none that this function knows"):
        read_event(event)


def test_a_gateway_call_carries_its_authorization_and_never_shows_it():
    trigger = read_event(GATEWAY)
    assert (trigger.kind, trigger.authorization) == ("gateway", "Bearer t")
    assert "Bearer" not in repr(trigger)


def test_a_gateway_call_may_ask_for_markdown():
    assert read_event({**GATEWAY, "headers": {"Accept": "text/markdown"}}).wants_markdown


def test_a_gateway_post_may_have_a_base64_body_that_chooses_nothing():
    body = base64.b64encode(b'{"target": "prod"}').decode()
    assert read_event({**GATEWAY, "httpMethod": "POST", "body": body}).target == ""


def read_call(event):
    """What is read of a gateway call that may run."""
    check_body(event)
    return read_event(event)


@pytest.mark.parametrize(
    "change",
    [
        {"httpMethod": "DELETE"},
        {"headers": [1]},
        {"body": "%%%"},
        {"body": "{", "isBase64Encoded": False},
        {"body": 5},
        {"body": base64.b64encode(b"\xff\xfe\xfd").decode()},
    ],
)
def test_an_unreadable_gateway_call_is_told_apart(change):
    assert is_gateway({**GATEWAY, **change})
    with pytest.raises(UnreadableCallError):
        read_call({**GATEWAY, **change})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["record", "Records", "s3", "smn", "cts", "httpMethod", "headers", "body", "user_event"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_event_whatever_ends_in_anything_but_a_trigger_or_a_clear_error(event):
    try:
        assert isinstance(read_event(event), Trigger)
    except UsageError as error:
        if not error.message:
            raise


def test_what_a_timer_does_not_choose_is_left_to_the_settings():
    assert read_event(timer(target="prod")) == Trigger("timer", target="prod")
    assert read_event(timer(policy="p.yaml")) == Trigger("timer", policy="p.yaml")
    assert read_event(timer(categories=["host"])) == Trigger("timer", categories=("host",))


def test_one_known_category_does_not_hide_an_unknown_one():
    with pytest.raises(UsageError, match=r"user_event\.categories: must be a list of host and container"):
        read_event(timer(categories=["host", "vm"]))


@pytest.mark.parametrize("text", [None, "", "  ", "\n"])
def test_a_user_event_without_text_chooses_nothing(text):
    assert read_event({**TIMER, "user_event": text}) == Trigger("timer")


@pytest.mark.parametrize("text", [["x"], {"target": "prod"}, 7, " " * 65_537])
def test_a_user_event_that_is_no_text_or_too_long_is_refused(text):
    with pytest.raises(UsageError, match="user_event: must be a text"):
        read_event({**TIMER, "user_event": text})


def test_the_longest_user_event_is_read():
    chosen = json.dumps({"target": "prod"})
    assert read_event({**TIMER, "user_event": chosen + " " * (65_536 - len(chosen))}).target == "prod"


@pytest.mark.parametrize("event", [{"specversion": "1.0"}, {"specversion": "1.0", "type": 3}, {"type": "t"}])
def test_half_a_cloudevent_is_none(event):
    with pytest.raises(UsageError, match="none that this function knows"):
        read_event(event)


@pytest.mark.parametrize(
    "s3",
    [
        {"object": {"key": "p.yaml"}},
        {"bucket": {"name": "b"}},
        {"bucket": "b", "object": {"key": "p.yaml"}},
        {"bucket": {"name": "b"}, "object": "p.yaml"},
        {"bucket": {"name": 1}, "object": {"key": "p.yaml"}},
        {"bucket": {"name": "b"}, "object": {"key": None}},
    ],
)
def test_half_an_obs_event_is_refused(s3):
    with pytest.raises(UsageError, match="an OBS event without bucket name and object key"):
        read_event({"Records": [{"s3": s3}]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Bearer t", "Bearer t"), (["Bearer t", "Bearer u"], "Bearer t"), ([], ""), ([7], ""), (None, ""), (7, "")],
)
def test_a_gateways_header_may_be_a_list_and_odd_ones_are_empty(value, expected):
    assert read_event({**GATEWAY, "headers": {"Authorization": value}}).authorization == expected


@pytest.mark.parametrize(
    ("accept", "markdown"),
    [("text/markdown", True), ("TEXT/MARKDOWN, */*", True), ("text/markdown, application/json", False), ("*/*", False)],
)
def test_markdown_is_what_the_call_accepts_and_json_goes_first(accept, markdown):
    assert read_event({**GATEWAY, "headers": {"Accept": accept}}).wants_markdown is markdown


@pytest.mark.parametrize(
    ("event", "seen"),
    [
        ([], "a JSON list"),
        (7, "a JSON int"),
        ({"b": 1, "a": 2}, "the keys a, b"),
        ({f"key{number:02}": 1 for number in range(12)}, f"the keys {', '.join(f'key{n:02}' for n in range(10))}"),
    ],
)
def test_an_unknown_event_is_refused_with_what_it_is_and_what_is_known(event, seen):
    with pytest.raises(UsageError) as caught:
        read_event(event)
    assert caught.value.message == f"the event is none that this function knows; it is {seen}"
    assert "TIMER" in caught.value.hint


def test_a_refused_user_event_says_what_may_be_written():
    for event, advice in [({**TIMER, "user_event": 7}, "empty"), ({**TIMER, "user_event": "["}, '{"target": "prod"}')]:
        with pytest.raises(UsageError) as caught:
            read_event(event)
        assert advice in caught.value.hint
    with pytest.raises(UsageError) as caught:
        read_event(timer(targt="prod"))
    assert "policy, target, categories, dry_run, fleet, notify_test" in caught.value.hint


def test_a_gateway_call_without_authorization_has_none():
    assert read_event({**GATEWAY, "headers": {}}).authorization == ""
    assert read_event({**GATEWAY, "headers": None}).authorization == ""


@pytest.mark.parametrize(
    ("body", "encoded", "readable"),
    [
        ('{"a": 1}', False, True),
        (" ", False, True),
        ("aGk=", False, False),
        ("e30=", True, True),
        ("aGk=", True, False),
        ('{"a": 1}', True, False),
        (5, False, False),
    ],
)
def test_a_body_must_be_json_as_it_is_or_decoded(body, encoded, readable):
    event = {"httpMethod": "POST", "body": body, "isBase64Encoded": encoded}
    if readable:
        assert check_body(event) is None
    else:
        with pytest.raises(UnreadableCallError, match=r"^the body is not readable as JSON$"):
            check_body(event)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("zzz", "user_event: unknown key 'zzz'"),
        ("targt", "user_event: unknown key 'targt'; did you mean target?"),
    ],
)
def test_an_unknown_choice_is_named_with_the_nearest_known_one(key, said):
    with pytest.raises(UsageError) as refused:
        read_event({"trigger_type": "TIMER", "user_event": json.dumps({key: 1})})
    assert refused.value.message == said


def test_an_event_of_nobody_is_named_by_its_first_ten_keys_each_as_one_short_line():
    event = {"b\u200b": 1, "a" * 40: 2, "c" * 41: 3} | {f"x{number}": 0 for number in range(10)}
    with pytest.raises(UsageError) as refused:
        read_event(event)
    shown = refused.value.message.removeprefix("the event is none that this function knows; it is the keys ")
    names = shown.split(", ")
    assert (len(names), names[:2]) == (10, ["a" * 40, "b?"])
    assert (len(names[2]), names[2][:30]) == (40, "c" * 30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"httpMethod": "DELETE"}, "the call is not a GET or POST with headers"),
        ({"headers": "accept: */*"}, "the call is not a GET or POST with headers"),
        ({"body": "{", "isBase64Encoded": False}, "the body is not readable as JSON"),
    ],
)
def test_an_unreadable_gateway_call_says_why_and_what_can_be_sent(change, message):
    with pytest.raises(UnreadableCallError) as caught:
        read_call({**GATEWAY, **change})
    assert (caught.value.message, caught.value.hint) == (message, "Send GET, or POST with an empty or JSON body.")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"q" * 50: 1}, "user_event: unknown key '" + "q" * 39),
        ({"target": ""}, "user_event.target: must be a text"),
        ({"policy": 7}, "user_event.policy: must be a text"),
        ({"fleet": "yes"}, "user_event.fleet: must be true or false"),
        ({"categories": {"host": 1}}, "user_event.categories: must be a list of host and container"),
        ({"zzz": 1, "dry_run": 0}, "user_event: unknown key 'zzz'\nuser_event.dry_run: must be true or false"),
    ],
)
def test_what_is_said_of_wrong_choices_is_a_line_for_each_with_what_it_must_be(chosen, message):
    with pytest.raises(UsageError) as caught:
        read_event(timer(**chosen))
    assert caught.value.message == message


@pytest.mark.parametrize("switch", ["dry_run", "fleet", "notify_test"])
def test_a_timer_turns_on_the_one_switch_that_it_names(switch):
    assert read_event(timer(**{switch: True})) == Trigger("timer", **{switch: True})
    assert read_event(timer(**{switch: False})) == Trigger("timer")


@pytest.mark.parametrize("name", ["record", "Records"])
def test_a_notification_and_an_object_are_known_by_the_first_of_either_list(name):
    assert read_event({name: [{"smn": {}}, 7]}) == Trigger("smn")
    assert read_event({name: [OBS["Records"][0], {"smn": {}}]}) == Trigger("obs", bucket="b", key="p.yaml")
    with pytest.raises(UsageError, match="none that this function knows"):
        read_event({name: [{}, {"smn": {}}]})


def test_a_trigger_shows_what_was_chosen():
    trigger = Trigger("timer", "p.yaml", "prod", dry_run=True, authorization="Bearer t")
    assert repr(trigger) == "Trigger(kind='timer', policy='p.yaml', target='prod', dry_run=True)"
