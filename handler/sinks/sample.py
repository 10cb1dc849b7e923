"""A made-up report, for previews of what a sink would receive."""

from __future__ import annotations

from handler.models import CategorySnapshot, ExemptedFinding, Finding, Report, Row, Severity, Target

AT = "2026-11-22T08:07:00Z"


def sample_report() -> Report:
    """A run with findings of three severities, an exempted one, and containers that were not seen."""
    rows = (Row(23, "tcp", 3, "danger"), Row(445, "tcp", 12, "danger"), Row(6379, "tcp", 2, "normal"))
    telnet = _finding("telnet", "Telnet is open", Severity.CRITICAL, rows[0], "Disable telnetd, use SSH.")
    smb = _finding("smb", "Windows file sharing is open", Severity.HIGH, rows[1], "Close 445 on the host firewall.")
    redis = _finding("redis", "Redis is open", Severity.MEDIUM, rows[2], "Bind Redis to an internal address.")
    return Report(
        run_id="preview",
        started_at=AT,
        finished_at=AT,
        verdict="violations",
        policy_name="baseline",
        policy_digest="sha256:" + "0123456789abcdef" * 4,
        policy_files=("policies/baseline.yaml",),
        target=Target("prod", "otc", "eu-de", "hss.eu-de.otc.t-systems.com", "0123456789abcdef0123456789abcdef"),
        coverage=(
            CategorySnapshot(
                "host", rows, 3, {"port_num": 17}, plan="pages", every_row=True, complete=True, api_calls=2
            ),
        ),
        findings=(telnet, smb, redis),
        exempted=(ExemptedFinding(redis, "cache", "Moves in spring.", "cache@example.org", "2027-03-31", 129),),
        taken_at=AT,
    )


def _finding(rule_id: str, title: str, severity: Severity, row: Row, remediation: str) -> Finding:
    return Finding(
        fingerprint=f"preview-{rule_id}",
        rule_id=rule_id,
        title=title,
        severity=severity,
        category="host",
        port=row.port,
        protocol=row.protocol,
        num=row.num,
        status=row.status,
        message=f"{row.port}/{row.protocol} is open (host, num {row.num})",
        rationale="Anybody who reaches the port may try it.",
        remediation=remediation,
        tags=("remote-access",),
        first_seen="2026-11-20T08:07:00Z",
    )
