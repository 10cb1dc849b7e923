"""Notices and sinks for the tests of the kinds: ordinary, empty, huge and hostile ones."""

from __future__ import annotations

from datetime import timedelta

from handler.models import Changes, ExemptionNotice, PastFinding, Problem, Secret, Severity
from handler.models.listeners import Host
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Notification, Sink
from tests.fakes import category, finding, report

TOKEN = "T0PSECRETtoken0123456789"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOSTILE = (
    "<!channel> <!here|x> <!everyone> <@U123> <#C1>",
    "@channel @here @all @everyone <at id=all></at> <at>all</at> <users/all> <@all> <@&1>",
    "[click](https://evil.example/a) <https://evil.example|x> **bold** _it_ ~s~ `code` # head",
    "<script>alert(1)</script> <a href='https://evil.example'>x</a> &amp; &lt; &#60;",
    "a\u202eb\u2066c\u200bd\u200fe\ufefff\x00g\x1bh\x07i\r\nj\u2028k",
    "x" * 10_000,
    "漢字かな" * 2_500,
    "&" * 10_000,
    "e\u0301" * 5_000,
    "\U0001f1e9\U0001f1ea\U0001f468\u200d\U0001f469\u200d\U0001f467" * 500,
    "lone \ud800 surrogate",
    '"}],"injected":true,"x":[{"\\',
    "*/ --> ]]> ${jndi:ldap://x} {{7*7}} %s %n",
)


def sink(kind: str = "slack", **other) -> Sink:
    known = {"secret": Secret(KEY), "chat_id": "-100123", "routing_key": Secret("R" * 32), "hosts": True}
    known |= {"style": "healthchecks", "topic_urn": "urn:smn:eu-de:0123456789abcdef0123456789abcdef:ports"}
    return Sink("soc", SINK_KINDS[kind], Secret(f"https://chat.example/{TOKEN}?key={TOKEN}"), **(known | other))


def notice(**other) -> Notification:
    """An ordinary day: something new, something that stays, something closed, an exemption near its end."""
    hosts = tuple(Host(f"id-{n}", host_name=f"web-{n}", host_ip=f"192.0.2.{n}") for n in range(1, 8))
    new = (
        finding(hosts=hosts),
        finding(protocol="tcp6", num=1),
        *(finding("netbios", port, title="NetBIOS is open", severity=Severity.HIGH) for port in range(135, 140)),
    )
    ongoing = (finding("rdp", 3389, title="RDP is open", severity=Severity.MEDIUM),)
    resolved = (finding("ftp", 21, title="FTP is open"),)
    changes = Changes(
        new=tuple(f.fingerprint for f in new),
        ongoing=tuple(f.fingerprint for f in ongoing),
        resolved=tuple(PastFinding(f, "closed") for f in resolved),
    )
    known = {
        "delivery_id": "msg_2c1d7a90b4",
        "report": report(*new, *ongoing, changes=changes),
        "new": new,
        "ongoing": ongoing,
        "resolved": resolved,
        "exemptions": (ExemptionNotice("legacy-telnet", "facilities@example.org", "2026-11-30", 8),),
        "notes": ("No run for 31 h before this one.",),
        "explain": "port-compliance policy explain policies/baseline.yaml --port 23/tcp",
        "run_interval": timedelta(hours=1),
    }
    return Notification(**(known | other))


def empty() -> Notification:
    return Notification("msg_empty", report(changes=Changes()), heartbeat=True)


def resolved_only() -> Notification:
    gone = (finding("ftp", 21),)
    return Notification(
        "msg_resolved", report(changes=Changes(resolved=(PastFinding(gone[0], "closed"),))), resolved=gone
    )


def inconclusive() -> Notification:
    problem = Problem("page 3 of 7 did not come", "$.data_list")
    broken = category(name="container", complete=False, problems=(problem,))
    whole = report(verdict="inconclusive", coverage=(category(), broken), problems=(problem,), changes=Changes())
    return Notification(
        "msg_unknown", whole, not_seen=("container: page 3 of 7 did not come; 400 of 1300 rows were seen",)
    )


def huge(count: int = 10_000) -> Notification:
    """Findings on every other port, so that nothing folds."""
    many = tuple(finding("many", port % 65535, fingerprint=f"f{port}") for port in range(1, 2 * count, 2))
    whole = report(*many, changes=Changes(new=tuple(f.fingerprint for f in many)))
    return Notification("msg_huge", whole, new=many, resolved=many[:100], notes=("No run for 31 h before this one.",))


def hostile(text: str) -> Notification:
    """The same text wherever somebody outside writes one."""
    bad = finding(
        "evil",
        666,
        title=text,
        message=text,
        rationale=text,
        remediation=text,
        references=(text, "https://good.example/a_b(c)?x=<y>|z", "javascript:alert(1)"),
        tags=(text,),
        category=text[:100] or "host",
        protocol=text[:50].lower() or "tcp",
        hosts=(Host("id", host_name=text, host_ip=text, container_name=text),),
    )
    lines = (bad, *(bad._replace(port=port, fingerprint=f"e{port}") for port in range(1, 60, 2)))
    whole = report(*lines, verdict="inconclusive", problems=(Problem(text, text),), policy_name=text)
    whole = whole._replace(target=whole.target._replace(name=text))
    return Notification(
        "msg_hostile",
        whole,
        new=lines,
        resolved=lines[:3],
        not_seen=(text,) * 12,
        seen_again=(text,),
        exemptions=(ExemptionNotice(text, text, "2026-11-30", 1),),
        notes=(text,),
        explain=text,
    )
