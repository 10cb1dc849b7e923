"""Reports that every format must bear: clean, violating, exempted, announced, inconclusive, hostile."""

from __future__ import annotations

from handler.models import AnnouncedFinding, Changes, ExemptedFinding, PastFinding, Problem, Report, Row, Severity
from handler.models.delivery import Delivery
from handler.models.gaps import Gaps
from handler.models.listeners import Host
from tests.fakes import TARGET, category, finding, report

NASTY = (
    "</script><script>alert(1)</script> | `x` *b* [l](https://evil.example) @team #1 ::error::no "
    "\"&amp;' %0A %25 \x1b[31mred\x07 \x00 \ud800 \u202egnp.exe\u2066 \u200b line\nnext\r\n<!-- ]]> -->"
)


def hosts(number: int) -> tuple[Host, ...]:
    return tuple(
        Host(f"id-{n}", f"web-{n}", f"10.0.0.{n}", "127.0.0.1" if n == 2 else "0.0.0.0", "/usr/sbin/in.telnetd",
             loopback_only=n == 2)
        for n in range(1, number + 1)
    )  # fmt: skip


def violating() -> Report:
    worst = finding(hosts=hosts(8))
    mild = finding("databases", None, protocol=None, title="Too many databases", severity=Severity.LOW,
                   message="database_num is 31, above 20", status=None)  # fmt: skip
    return report(
        worst,
        finding(protocol="tcp6", num=1),
        finding("rdp", 3389, title="Remote Desktop is open", severity=Severity.HIGH, num=1200),
        mild,
        changes=Changes(
            new=(worst.fingerprint,),
            ongoing=(mild.fingerprint,),
            resolved=(PastFinding(finding("ftp", 21, title="FTP"), "closed"),),
        ),
        deliveries=(Delivery("soc", "slack", "delivered"), Delivery("pager", "pagerduty", "owed", "HTTP 503")),
        warnings=("exemption legacy-telnet ends in 12 days",),
        vendor=Gaps((("host", 5900, "tcp"),), (("host", 23, "tcp"),)),
    )


def exempted() -> Report:
    item = ExemptedFinding(
        finding("telnet", 2323), "legacy-telnet", "Lift controllers.", "facilities@example.org", "2027-03-31", 129
    )
    return report(exempted=(item,))


def announced() -> Report:
    return report(announced=(AnnouncedFinding(finding("smb", 445, title="SMB is open"), "2026-12-01"),))


def inconclusive(*findings) -> Report:
    blind = category(
        [Row(23, "tcp", 3, "danger")], total_num=412, complete=False, problems=(Problem("page 2 of 3 did not come"),)
    )
    skipped = category(name="container", plan="skipped", total_num=None, statistics=None, api_calls=0)
    return report(*findings, verdict="inconclusive", coverage=(blind, skipped))


def hostile(text: str = NASTY) -> Report:
    """Untrusted text wherever the policy, the API or a sink could put some."""
    bad = finding(
        text, 23, fingerprint=text, title=text, protocol=text, status=text, message=text, rationale=text,
        remediation=text, references=(text,), tags=(text,), hosts=(Host(text, text, text, text, text, 1, text),),
        owner=text, runbook=text,
    )  # fmt: skip
    blind = category(name="host", complete=False, problems=(Problem(text, text),))
    return report(
        bad,
        verdict="inconclusive",
        policy_name=text,
        policy_digest=text,
        policy_files=(text,),
        target=TARGET._replace(name=text, region=text, project_id=text),
        coverage=(blind,),
        exempted=(ExemptedFinding(bad, text, text, text, "2027-03-31", 1, text, text),),
        announced=(AnnouncedFinding(bad, "2027-03-31"),),
        changes=Changes(new=(text,), resolved=(PastFinding(bad, "closed"),)),
        deliveries=(Delivery(text, text, text, text),),
        problems=(Problem(text),),
        warnings=(text,),
        vendor=Gaps((("host", 23, text),)),
        run_id=text,
    )


REPORTS = {
    "clean": report(),
    "violating": violating(),
    "exempted": exempted(),
    "announced": announced(),
    "inconclusive": inconclusive(),
    "inconclusive with findings": inconclusive(finding()),
    "hostile": hostile(),
    "endless": hostile("x" * 10_000),
    "wide": hostile("端口" * 5_000),
    "formulas": hostile("=cmd|' /C calc'!A0"),
}
