"""The test of the sinks as the function makes it: every kind, taken and refused."""

from __future__ import annotations

import json
import random
from urllib.parse import urlsplit

import pytest

from handler import index
from handler.run.context import Warm
from handler.sinks.kinds import SINK_KINDS
from handler.transport.request import Response
from tests.fakes import FakeTransport
from tests.world import TIMER, World

SAYS = {
    "feishu": b'{"code": 0}', "dingtalk": b'{"errcode": 0}', "wecom": b'{"errcode": 0}', "telegram": b'{"ok": true}',
    "rocketchat": b'{"success": true}', "splunk": b'{"text": "Success", "code": 0}', "slack": b"ok", "mattermost": b"ok",
    "googlechat": b'{"name": "spaces/A/messages/B"}',
}  # fmt: skip
CODES = {"pagerduty": 202, "teams": 202, "discord": 204}
NEEDS = {
    "telegram": "chat_id: '-1'",
    "pagerduty": "routing_key: '${KEY}'",
    "splunk": "headers: {Authorization: 'Splunk ${KEY}'}",
}
KINDS = [
    kind for kind in SINK_KINDS if kind != "smn"
]  # which is signed with the agency's keys, and has tests of its own


@pytest.mark.parametrize("refused", [False, True])
def test_a_timer_tests_the_sinks_of_every_kind_with_reasons_as_in_a_run(tmp_path, refused):
    world, config = World(), tmp_path / "sinks.yaml"
    lines = [
        f"  - {{name: {kind}, kind: {kind}, url: 'https://{kind}.example.org/x', {NEEDS.get(kind, '')}}}"
        for kind in KINDS
    ]
    config.write_text("\n".join(["sinks:", *lines]))

    def answered(request):
        kind = urlsplit(request.url).netloc.partition(".")[0]
        if refused and kind != "generic":
            return Response(404, {}, b"no such hook")
        return Response(CODES.get(kind, 200), {}, SAYS.get(kind, b"{}"))

    world.warm = Warm(api=world.simulator, web=FakeTransport(answered), random=random.Random(1))
    event = {**TIMER, "user_event": json.dumps({"notify_test": True})}
    nothing = {"HSS_PROJECT_ID": None, "HSS_AUTH_TOKEN": None}
    context = world.context(NOTIFY_CONFIG=str(config), KEY="0123456789abcdef0123456789abcdef", **nothing)
    result = index.invoke(event, context, 60.0, 60.0)
    came = {one["kind"]: (one["status"], one["reason"]) for one in result["deliveries"]}
    assert list(came) == KINDS
    for kind, (status, reason) in came.items():
        if refused and kind != "generic":
            assert status == "failed"
            assert "404" in reason
        else:
            assert status == ("accepted" if kind == "teams" else "delivered"), (kind, reason)
    assert world.simulator.calls == []
