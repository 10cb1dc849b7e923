"""`${NAME}` is filled in; whatever else looks like a placeholder is an error, and never the literal text of a key."""

from __future__ import annotations

import pytest

from handler.errors import SettingsError
from handler.settings.placeholders import fill_troubles, filled, plain_troubles
from tests.settings.sinks_read import read_sinks
from tests.world import CANARY

KNOWN = {"NAME": "value", "DOLLARS": "a$NAME ${NAME} {{x}}", "SOC_URL": "https://example.org/x", "SOC_SECRET": "s3cret"}
FOREIGN = {
    "$NAME": "$NAME",
    "Bearer $TOKEN": "$NAME",
    "${SOC_SECRET:-}": "${NAME:-...}",
    "${NAME:-x}": "${NAME:-...}",
    "${NAME:?must}": "${NAME:-...}",
    "${env:NAME}": "${env:NAME}",
    "${NAME": "${...}",
    "${}": "${...}",
    "${ NAME }": "${...}",
    "${_X}": "${...}",
    "$(NAME)": "$(NAME)",
    "{{ NAME }}": "{{ ... }}",
    "x{{secrets.NAME}}y": "{{ ... }}",
    "%NAME%": "%NAME%",
}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${NAME}", "value"),
        ("a ${NAME}${NAME} b", "a valuevalue b"),
        ("$$", "$"),
        ("$${NAME}", "${NAME}"),
        ("$$$${NAME}", "$${NAME}"),
        ("$$$NAME"[:2] + "5", "$5"),
        ("pa$$word", "pa$word"),
        ("a$5 100% {x} %2F", "a$5 100% {x} %2F"),
        ("%NAME% and more", "%NAME% and more"),
        ("${DOLLARS}", "a$NAME ${NAME} {{x}}"),
    ],
)
def test_names_and_dollars_are_filled_in_once(text, result):
    assert filled(text, KNOWN.get) == result
    assert list(fill_troubles(text, KNOWN.get)) == []


@pytest.mark.parametrize(("text", "form"), FOREIGN.items())
def test_another_form_is_an_error_that_says_how_to_write_it(text, form):
    (trouble,) = fill_troubles(text, KNOWN.get)
    assert trouble == f"holds {form}, which is not filled in; write ${{NAME}}, and $$ for a dollar"
    assert len(list(plain_troubles(text))) == 1


def test_a_missing_setting_is_named():
    assert list(fill_troubles("${NOPE}${NAME}${NOPE}", KNOWN.get)) == ["the setting NOPE is missing"]


def problems(line, **settings):
    text = f"sinks:\n  - name: soc\n    kind: generic\n    url: ${{SOC_URL}}\n    {line}\n"
    with pytest.raises(SettingsError) as caught:
        read_sinks("sinks.yaml", text.encode(), (KNOWN | settings).get, with_state=True)
    assert CANARY not in str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("secret: ${SOC_SECRET:-}", "secret"),
        (f"secret: {CANARY}$TAIL", "secret"),
        ('headers: {Authorization: "Bearer $TOKEN"}', "headers.Authorization"),
        ('headers: {Authorization: "{{ TOKEN }}"}', "headers.Authorization"),
        ('routing_key: "%KEY%"', "routing_key"),
        ('headers: {"$TEAM": x}', "headers"),
        ("chat_id: ${CHAT_ID}", "chat_id"),
        ('match: {tags: ["$TAG"]}', "match.tags"),
        ('match: {targets: ["${TARGET}"]}', "match.targets"),
    ],
)
def test_a_placeholder_anywhere_in_the_file_that_is_not_filled_in_is_a_settings_error(line, where):
    (problem,) = problems(line)
    assert problem.startswith(f"sinks.yaml:2:5: sink soc: {where}: ")
    assert "filled in" in problem


def test_the_file_of_the_case_is_refused_with_both_its_faults():
    text = "sinks:\n  - name: soc\n    kind: generic\n    url: ${SOC_URL}\n    allow_http: true\n"
    text += '    secret: ${SOC_SECRET:-}\n    headers: {Authorization: "Bearer $TOKEN"}\n'
    with pytest.raises(SettingsError) as caught:
        read_sinks("sinks.yaml", text.encode(), KNOWN.get, with_state=True)
    assert [problem.split(": ")[2] for problem in caught.value.problems] == ["headers.Authorization", "secret"]


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_QQ", "whsec_a-b_", "whsec_not base64", "whsec_QUJD\u00e9", "whsec_QUJD="]
)
def test_a_whsec_secret_must_be_standard_base64(secret):
    (problem,) = problems("secret: ${KEY}", KEY=secret)
    assert "sink soc: secret: after whsec_ it must be standard base64" in problem


@pytest.mark.parametrize("secret", ["whsec_QUJD", "whsec_QUI=", "whsec_+/==" + "", "any words", "QQ"])
def test_other_secrets_are_taken_as_they_are(secret):
    text = "sinks: [{name: s, kind: generic, url: '${SOC_URL}', secret: '${KEY}'}]\n"
    (sink,) = read_sinks("sinks.yaml", text.encode(), (KNOWN | {"KEY": secret}).get, with_state=True)
    assert sink.secret.reveal() == secret


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("chat_id: -1001234", "chat_id: Input should be a valid string; write it in quotes"),
        ("routing_key: 42", "routing_key: Input should be a valid string; write it in quotes"),
        ("secret: true", "secret: Input should be a valid string; write it in quotes"),
        ("match: {tags: [1]}", "0: Input should be a valid string; write it in quotes"),
        ("chat_id: [1]", "chat_id: Input should be a valid string"),
    ],
)
def test_a_number_where_a_text_is_meant_should_be_quoted(line, said):
    (problem,) = problems(line)
    assert problem.endswith(said)
