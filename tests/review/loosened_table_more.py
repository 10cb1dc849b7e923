"""The rest of the pairs made by hand that loosen: more tolerated, put off, exempted, fewer servers."""

from __future__ import annotations

from tests.review.small_pairs import written as p

FTP, SMB = "id: ftp, ports: [21], protocols: [tcp]", "id: smb, ports: [445], protocols: [tcp]"
APPS, RDP = "id: apps, statistic: app_num", "id: rdp, ports: [3389], protocols: [tcp]"
END, BY = "expires: 2027-03-31", "rules: [rdp], expires: 2027-03-31, hosts"

TOLERATED = [
    (p(SMB), p(SMB + ", above: 1"), ["445/tcp on host, num 1: high -> nothing, from today"]),
    (p(SMB), p(SMB + ", above: 3"), ["445/tcp on host, num 1-3: high -> nothing, from today"]),
    (p(SMB + ", above: 3"), p(SMB + ", above: 4"), ["445/tcp on host, num 4: high -> nothing, from today"]),
    (p(SMB + ", above: 3"), p(SMB + ", above: 100"), ["445/tcp on host, num 4-100: high -> nothing, from today"]),
    (p(SMB + ", above: 3, severity: low"), p(SMB + ", above: 5, severity: low"), [
        "445/tcp on host, num 4-5: low -> nothing, from today"]),
    (p(SMB), p(SMB + ", above: 3, severity: critical"), ["445/tcp on host, num 1-3: high -> nothing, from today"]),
    (p(APPS), p(APPS + ", above: 5"), ["app_num on host, num 1-5: high -> nothing, from today"]),
    (p(APPS + ", above: 20"), p(APPS + ", above: 25"), ["app_num on host, num 21-25: high -> nothing, from today"]),
    (p("id: f, status: [danger]"), p("id: f, status: [danger], above: 2"), [
        "1-65535/tcp+udp on host, num 1-2, status danger: high -> nothing, from today"]),
    (p("id: w, allowed_ports: [443], protocols: [tcp]"), p("id: w, allowed_ports: [443], protocols: [tcp], above: 1"), [
        "0-442/tcp on host, num 1: high -> nothing, from today", "444-65535/tcp on host, num 1: high -> nothing, from today"]),
    (p(SMB, FTP), p(SMB + ", above: 1", FTP + ", above: 2"), [
        "21/tcp on host, num 1-2: high -> nothing, from today", "445/tcp on host, num 1: high -> nothing, from today"]),
    (p(SMB), p(SMB + ", above: 9", "id: b, ports: [445], above: 4"), ["445/tcp on host, num 1-4: high -> nothing, from today"]),
    (p(SMB), p(SMB + ", above: 9", "id: b, ports: [445], above: 4, severity: low"), [
        "445/tcp on host, num 1-4: high -> nothing, from today", "445/tcp on host, num 5-9: high -> low, from today"]),
    (p(SMB, exempt=[f"rules: [smb], up_to: 2, {END}"]), p(SMB, exempt=[f"rules: [smb], up_to: 5, {END}"]), [
        "445/tcp on host, num 3-5: high -> nothing, from today to 2027-03-31"]),
    (p(SMB, exempt=[f"rules: [smb], up_to: 2, {END}"]), p(SMB, exempt=[f"rules: [smb], {END}"]), [
        "445/tcp on host, num above 2: high -> nothing, from today to 2027-03-31"]),
    (p(SMB, exempt=[f"rules: [smb], up_to: 2, {END}"]), p(SMB + ", above: 2"), [
        "445/tcp on host, num 1-2: high -> nothing, from 2027-04-01"]),
    (p(SMB + ", above: 2"), p(SMB + ", above: 2", exempt=[f"rules: [smb], up_to: 4, {END}"]), [
        "445/tcp on host, num 3-4: high -> nothing, from today to 2027-03-31"]),
    (p(SMB + ", categories: [host, container]"), p(SMB, "id: b, ports: [445], categories: [container], above: 6"), [
        "445/tcp on container, num 1-6: high -> nothing, from today"]),
    (p("id: dns, ports: [53]"), p("id: dns, ports: [53], protocols: [tcp]", "id: u, ports: [53], above: 3"), [
        "53/udp on host, num 1-3: high -> nothing, from today"]),
    (p(SMB), p(SMB + ", status: [danger]", "id: b, ports: [445], above: 3"), [
        "445/tcp on host, num 1-3, status any other: high -> nothing, from today"]),
]  # fmt: skip

PUT_OFF = [
    (p(SMB), p(SMB + ", effective_from: 2027-01-01"), ["445/tcp on host: high -> nothing, from today to 2026-12-31"]),
    (p(SMB), p(SMB + ", effective_from: 2026-12-02"), ["445/tcp on host: high -> nothing, from today to 2026-12-01"]),
    (p(SMB), p(SMB + ", effective_from: 9999-12-31"), ["445/tcp on host: high -> nothing, from today to 9999-12-30"]),
    (p(APPS), p(APPS + ", effective_from: 2027-01-01"), ["app_num on host: high -> nothing, from today to 2026-12-31"]),
    (p("id: f, status: [danger]"), p("id: f, status: [danger], effective_from: 2027-01-01"), [
        "1-65535/tcp+udp on host, status danger: high -> nothing, from today to 2026-12-31"]),
    (p(SMB + ", severity: critical"), p(SMB + ", effective_from: 2027-01-01, severity: critical"), [
        "445/tcp on host: critical -> nothing, from today to 2026-12-31"]),
    (p(SMB), p(SMB + ", effective_from: 2027-01-01, severity: critical"), [
        "445/tcp on host: high -> nothing, from today to 2026-12-31"]),
    (p(SMB), p(SMB + ", effective_from: 2027-01-01, severity: low"), [
        "445/tcp on host: high -> nothing, from today to 2026-12-31", "445/tcp on host: high -> low, from 2027-01-01"]),
    (p(SMB), p(SMB + ", effective_from: 2027-01-01, above: 2"), [
        "445/tcp on host: high -> nothing, from today to 2026-12-31", "445/tcp on host, num 1-2: high -> nothing, from 2027-01-01"]),
    *((p(f"{SMB}, effective_from: {was}"), p(f"{SMB}, effective_from: {now}"), [f"445/tcp on host: high -> nothing, {said}"])
      for was, now, said in (
        ("2027-01-01", "2027-02-01", "from 2027-01-01 to 2027-01-31"),
        ("2027-01-01", "2027-01-02", "from 2027-01-01 to 2027-01-01"),
        ("2026-11-01", "2027-01-01", "from today to 2026-12-31"),
        ("2026-12-01", "2027-01-01", "from today to 2026-12-31"),
        ("2026-12-02", "2027-01-01", "from 2026-12-02 to 2026-12-31"))),
    (p("id: dns, ports: [53]"), p("id: dns, ports: [53], protocols: [tcp]", "id: u, ports: [53], effective_from: 2027-01-01"), [
        "53/udp on host: high -> nothing, from today to 2026-12-31"]),
    (p(SMB, FTP), p(SMB + ", effective_from: 2027-01-01", FTP + ", effective_from: 2027-02-01"), [
        "21/tcp on host: high -> nothing, from today to 2027-01-31", "445/tcp on host: high -> nothing, from today to 2026-12-31"]),
    (p(SMB), p(SMB + ", effective_from: 2027-01-01", "id: b, ports: [445], severity: low"), [
        "445/tcp on host: high -> low, from today to 2026-12-31"]),
    (p(SMB), p("id: b, ports: [400-500], effective_from: 2027-01-01"), ["445/tcp on host: high -> nothing, from today to 2026-12-31"]),
    (p(SMB, exempt=[f"rules: [smb], {END}"]), p(SMB + ", effective_from: 2027-06-01"), [
        "445/tcp on host: high -> nothing, from 2027-04-01 to 2027-05-31"]),
    (p(SMB + ", categories: [container]"), p(SMB + ", categories: [container], effective_from: 2027-01-01"), [
        "445/tcp on container: high -> nothing, from today to 2026-12-31"]),
]  # fmt: skip

_UNTIL = "from today to 2027-03-31"
EXEMPTED = [
    *((p(SMB), p(SMB, exempt=[exempt]), [f"445/tcp on host{only}: high -> nothing, {said}"]) for exempt, only, said in (
        (f"rules: [smb], {END}", "", _UNTIL),
        (f"ports: [445], {END}", "", _UNTIL),
        (f"ports: [400-500], {END}", "", _UNTIL),
        (f"rules: [smb], protocols: [tcp], {END}", "", _UNTIL),
        (f"rules: [smb], categories: [host], {END}", "", _UNTIL),
        (f"rules: [smb], up_to: 2, {END}", ", num 1-2", _UNTIL),
        ("rules: [smb], expires: 2026-12-01", "", "from today to 2026-12-01"),
        ("rules: [smb], expires: 9999-12-31", "", "from today"),
        (f'rules: [smb], enterprise_projects: ["7"], {END}', ", enterprise project 7", _UNTIL),
        (f'rules: [smb], enterprise_projects: ["0", "7"], {END}', ", enterprise project 0 or 7", _UNTIL),
        (f'rules: [smb], up_to: 2, enterprise_projects: ["7"], {END}', ", num 1-2, enterprise project 7", _UNTIL))),
    (p(SMB, exempt=[f"rules: [smb], {END}"]), p(SMB, exempt=["rules: [smb], expires: 2027-06-30"]), [
        "445/tcp on host: high -> nothing, from 2027-04-01 to 2027-06-30"]),
    (p(SMB, FTP, exempt=[f"rules: [smb], {END}"]), p(SMB, FTP, exempt=[f"rules: [smb, ftp], {END}"]), [
        f"21/tcp on host: high -> nothing, {_UNTIL}"]),
    (p("id: dns, ports: [53]", exempt=[f"rules: [dns], protocols: [tcp], {END}"]),
     p("id: dns, ports: [53]", exempt=[f"rules: [dns], {END}"]), [
        f"53/udp on host: high -> nothing, {_UNTIL}"]),
    (p("id: a, ports: [21, 23]", exempt=[f"rules: [a], ports: [21], {END}"]),
     p("id: a, ports: [21, 23]", exempt=[f"rules: [a], {END}"]), [f"23/tcp+udp on host: high -> nothing, {_UNTIL}"]),
    (p(SMB, exempt=[f'rules: [smb], enterprise_projects: ["7"], {END}']), p(SMB, exempt=[f"rules: [smb], {END}"]), [
        f"445/tcp on host, enterprise project any other: high -> nothing, {_UNTIL}"]),
    (p(SMB, exempt=[f"rules: [smb], {END}"], limits="require: [ticket]"), p(SMB, exempt=[f"rules: [smb], {END}"]), [
        f"445/tcp on host: high -> nothing, {_UNTIL}"]),
    (p(SMB, exempt=[f"rules: [smb], {END}"], limits="exemption_days: 30"), p(SMB, exempt=[f"rules: [smb], {END}"]), [
        "445/tcp on host: high -> nothing, from today to 2027-02-28"]),
    (p(SMB, exempt=[f"rules: [smb], {END}"], limits="exemption_days: 30"),
     p(SMB, exempt=[f"rules: [smb], {END}"], limits="exemption_days: 60"), [
        "445/tcp on host: high -> nothing, from 2027-01-30 to 2027-02-28"]),
    (p(SMB, exempt=[f"rules: [smb], {END}"], limits="require: [ticket]"),
     p(SMB, exempt=[f"rules: [smb], ticket: T-1, {END}"], limits="require: [ticket]"), [
        f"445/tcp on host: high -> nothing, {_UNTIL}"]),
]  # fmt: skip

_ALL = "3389/tcp on host: high -> nothing, from today"
SERVERS = [
    *((p(f"{RDP}{old}"), p(f"{RDP}{new}"), [f"3389/tcp on host{only}: high -> nothing, from today"]) for old, new, only in (
        ("", ", hosts: [win-*]", ""),
        ("", ", hosts: ['!win-7']", ""),
        ("", ", listening: beyond-loopback", ""),
        (", hosts: [win-*]", ", hosts: [win-7]", ", servers win-*"),
        (", hosts: [win-*, lin-*]", ", hosts: [win-*]", ", servers win-* lin-*"),
        (", hosts: [win-*]", ", hosts: [win-*, '!win-7']", ", servers win-*"),
        (", hosts: [win-*]", ", hosts: [lin-*]", ", servers win-*"),
        (", hosts: [10.0.0.0/8]", ", hosts: [10.2.0.0/16]", ", servers 10.0.0.0/8"),
        (", hosts: [10.2.0.7]", ", hosts: [10.2.0.8]", ", servers 10.2.0.7"),
        (", hosts: [10.2.0.7]", ", hosts: [win-7]", ", servers 10.2.0.7"),
        (", hosts: [win-*]", ", hosts: [win-*], listening: beyond-loopback", ", servers win-*"),
        (", hosts: [win-*], listening: beyond-loopback", ", hosts: [win-1*], listening: beyond-loopback",
         ", servers win-*, listening beyond-loopback"),
        (", hosts: [win-*]", ", hosts: [win-*], above: 2", ", num 1-2, servers win-*"),
    )),
    (p(f"{RDP}, hosts: [win-*]"), p("id: x, ports: [1]"), ["3389/tcp on host, servers win-*: high -> nothing, from today"]),
    (p(RDP), p(RDP, exempt=[f"{BY}: [jump-1]"]), [f"3389/tcp on host: high -> nothing, {_UNTIL}"]),
    (p(RDP), p(RDP, exempt=[f"{BY}: [10.2.0.0/16], up_to: 3"]), [f"3389/tcp on host: high -> nothing, {_UNTIL}"]),
    (p(f"{RDP}, hosts: [win-*]"), p(f"{RDP}, hosts: [win-*]", exempt=[f"{BY}: [win-7]"]), [
        f"3389/tcp on host, servers win-*: high -> nothing, {_UNTIL}"]),
    (p(RDP, exempt=[f"{BY}: [jump-1]"]), p(RDP, exempt=[f"{BY}: [jump-1, jump-2]"]), [
        f"3389/tcp on host, servers !jump-1: high -> nothing, {_UNTIL}"]),
    (p(RDP, exempt=[f"{BY}: [jump-1]"]), p(RDP, exempt=[f"{BY}: [jump-*]"]), [
        f"3389/tcp on host, servers !jump-1: high -> nothing, {_UNTIL}"]),
    (p(RDP), p(f"{RDP}, hosts: [win-*]", "id: r, ports: [3389], hosts: ['!win-*']"), [_ALL]),
]  # fmt: skip
