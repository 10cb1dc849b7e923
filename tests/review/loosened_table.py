"""Pairs of policies made by hand, twenty of each kind of loosening, with the words in which each weaker place is named."""

from __future__ import annotations

from tests.review.small_pairs import written as p

FTP, SMB = "id: ftp, ports: [21], protocols: [tcp]", "id: smb, ports: [445], protocols: [tcp]"
WIDE, WEB = "id: wide, ports: [1-100]", "id: web, allowed_ports: [80, 443], protocols: [tcp]"
APPS, FLAG = "id: apps, statistic: app_num, above: 3", "id: flag, status: [danger]"
TODAY = "from today"

DROPPED = [
    (p(SMB, FTP), p(FTP), ["445/tcp on host: high -> nothing, from today"]),
    (p(SMB, FTP), p(SMB), ["21/tcp on host: high -> nothing, from today"]),
    (p(SMB, WIDE), p(WIDE), ["445/tcp on host: high -> nothing, from today"]),
    (p(FTP + ", severity: critical", WIDE), p(WIDE), ["21/tcp on host: critical -> high, from today"]),
    (p(WIDE, FTP), p(FTP), [
        "1-20/tcp on host: high -> nothing, from today", "1-100/udp on host: high -> nothing, from today",
        "22-100/tcp on host: high -> nothing, from today"]),
    (p(APPS, SMB), p(SMB), ["app_num on host, num above 3: high -> nothing, from today"]),
    (p(FLAG, SMB), p(SMB), [
        "1-444/tcp on host, status danger: high -> nothing, from today",
        "1-65535/udp on host, status danger: high -> nothing, from today",
        "446-65535/tcp on host, status danger: high -> nothing, from today"]),
    (p("id: a, ports: [53]", SMB), p(SMB), ["53/tcp+udp on host: high -> nothing, from today"]),
    (p("id: a, ports: [53], categories: [container]", SMB), p(SMB), ["53/tcp+udp on container: high -> nothing, from today"]),
    (p("id: a, ports: [53], above: 5", SMB), p(SMB), ["53/tcp+udp on host, num above 5: high -> nothing, from today"]),
    (p("id: a, ports: [53], status: [unknown]", SMB), p(SMB), [
        "53/tcp+udp on host, status unknown: high -> nothing, from today"]),
    (p("id: a, ports: [53], effective_from: 2027-01-01", SMB), p(SMB), [
        "53/tcp+udp on host: high -> nothing, from 2027-01-01"]),
    (p("id: a, ports: [53], severity: low", SMB), p(SMB), ["53/tcp+udp on host: low -> nothing, from today"]),
    (p("id: a, ports: [53, 123]", SMB), p(SMB), [
        "53/tcp+udp on host: high -> nothing, from today", "123/tcp+udp on host: high -> nothing, from today"]),
    (p("id: a, ports: [53]", SMB, exempt=["rules: [a], up_to: 2, expires: 2027-03-31"]), p(SMB), [
        "53/tcp+udp on host, num above 2: high -> nothing, from today to 2027-03-31",
        "53/tcp+udp on host: high -> nothing, from 2027-04-01"]),
    (p("id: a, ports: [53], hosts: [dns-*]", SMB), p(SMB), ["53/tcp+udp on host, servers dns-*: high -> nothing, from today"]),
    (p("id: a, ports: [53], listening: beyond-loopback", SMB), p(SMB), ["53/tcp+udp on host, listening beyond-loopback: high -> nothing, from today"]),
    (p("id: a, statistic: app_num, categories: [host, container]", SMB), p(SMB), [
        "app_num on host: high -> nothing, from today", "app_num on container: high -> nothing, from today"]),
    (p(FTP, "id: b, ports: [21]"), p(FTP), ["21/udp on host: high -> nothing, from today"]),
    (p(WEB, "id: z, ports: [80], protocols: [tcp]"), p(WEB), ["80/tcp on host: high -> nothing, from today"]),
]  # fmt: skip

LESS_SEVERE = [(p(f"{what}, severity: {was}"), p(f"{what}, severity: {now}"), [f"{where}: {was} -> {now}, {TODAY}"])
    for what, where, was, now in (
        (FTP, "21/tcp on host", "high", "medium"),
        (FTP, "21/tcp on host", "critical", "info"),
        (SMB, "445/tcp on host", "low", "info"),
        (WIDE, "1-100/tcp+udp on host", "critical", "high"),
        (APPS, "app_num on host, num above 3", "high", "low"),
        (FLAG, "1-65535/tcp+udp on host, status danger", "medium", "low"),
        ("id: a, ports: [53], above: 5", "53/tcp+udp on host, num above 5", "high", "low"),
        ("id: a, ports: [53], categories: [container]", "53/tcp+udp on container", "medium", "info"),
        ("id: a, ports: [53], protocols: [udp]", "53/udp on host", "critical", "low"),
        ("id: a, ports: [53], hosts: [dns-*]", "53/tcp+udp on host, servers dns-*", "critical", "low"),
        ("id: a, ports: [53], status: [normal]", "53/tcp+udp on host, status normal", "high", "medium"),
    )] + [
    (p(SMB), p("id: all, ports: [1-65535], severity: medium"), ["445/tcp on host: high -> medium, from today"]),
    (p(SMB), p(SMB + ", severity: low", "id: all, ports: [440-450], severity: medium"), [
        "445/tcp on host: high -> medium, from today"]),
    (p(SMB), p(SMB + ", above: 2", "id: low, ports: [445], severity: low"), [
        "445/tcp on host, num 1-2: high -> low, from today"]),
    (p(SMB), p(SMB + ", effective_from: 2027-01-01", "id: low, ports: [445], severity: low"), [
        "445/tcp on host: high -> low, from today to 2026-12-31"]),
    (p(SMB), p(SMB + ", status: [danger]", "id: low, ports: [445], severity: low"), [
        "445/tcp on host, status any other: high -> low, from today"]),
    (p(WIDE), p("id: a, ports: [1-50]", "id: b, ports: [51-100], severity: medium"), [
        "51-100/tcp+udp on host: high -> medium, from today"]),
    (p(APPS), p(APPS + ", severity: low", "id: b, statistic: app_num, above: 9"), [
        "app_num on host, num 4-9: high -> low, from today"]),
    (p(SMB), p(SMB, "id: low, ports: [445], severity: low", exempt=["rules: [smb], expires: 2027-03-31"]), [
        "445/tcp on host: high -> low, from today to 2027-03-31"]),
    (p(SMB + ", categories: [host, container]"), p(SMB, "id: b, ports: [445], categories: [container], severity: info"), [
        "445/tcp on container: high -> info, from today"]),
]  # fmt: skip

NARROWED = [
    (p("id: a, ports: [21, 23]"), p("id: a, ports: [21]"), ["23/tcp+udp on host: high -> nothing, from today"]),
    (p(WIDE), p("id: wide, ports: [1-90]"), ["91-100/tcp+udp on host: high -> nothing, from today"]),
    (p(WIDE), p("id: wide, ports: [2-100]"), ["1/tcp+udp on host: high -> nothing, from today"]),
    (p(WIDE), p("id: wide, ports: [1-21, 23-100]"), ["22/tcp+udp on host: high -> nothing, from today"]),
    (p("id: a, ports: [20-29]"), p("id: a, ports: [21-30]"), ["20/tcp+udp on host: high -> nothing, from today"]),
    (p("id: a, ports: [21, 23, 25]"), p("id: a, ports: [23]"), [
        "21/tcp+udp on host: high -> nothing, from today", "25/tcp+udp on host: high -> nothing, from today"]),
    (p(WEB), p("id: web, allowed_ports: [80, 443, 8080], protocols: [tcp]"), ["8080/tcp on host: high -> nothing, from today"]),
    (p(WEB), p("id: web, allowed_ports: [79-81, 443], protocols: [tcp]"), [
        "79/tcp on host: high -> nothing, from today", "81/tcp on host: high -> nothing, from today"]),
    (p(WEB), p("id: web, ports: [1-65535], protocols: [tcp], severity: high"), ["0/tcp on host: high -> nothing, from today"]),
    (p("id: dns, ports: [53]"), p("id: dns, ports: [53], protocols: [tcp]"), ["53/udp on host: high -> nothing, from today"]),
    (p("id: dns, ports: [53]"), p("id: dns, ports: [53], protocols: [udp]"), ["53/tcp on host: high -> nothing, from today"]),
    (p("id: dns, ports: [53], protocols: [tcp]"), p("id: dns, ports: [53], protocols: [udp]"), [
        "53/tcp on host: high -> nothing, from today"]),
    (p(SMB + ", categories: [host, container]"), p(SMB), ["445/tcp on container: high -> nothing, from today"]),
    (p(SMB + ", categories: [host, container]"), p(SMB + ", categories: [container]"), [
        "445/tcp on host: high -> nothing, from today"]),
    (p(SMB), p(SMB + ", categories: [container]"), ["445/tcp on host: high -> nothing, from today"]),
    (p(SMB), p(SMB + ", status: [danger]"), ["445/tcp on host, status any other: high -> nothing, from today"]),
    (p("id: f, status: [danger, normal]"), p("id: f, status: [danger]"), [
        "1-65535/tcp+udp on host, status normal: high -> nothing, from today"]),
    (p("id: f, ports: [21], status: [danger, unknown]"), p("id: f, ports: [21], status: [normal, unknown]"), [
        "21/tcp+udp on host, status danger: high -> nothing, from today"]),
    (p("id: c, statistic: app_num, categories: [host, container]"), p("id: c, statistic: app_num"), [
        "app_num on container: high -> nothing, from today"]),
    (p("id: c, statistic: app_num"), p("id: c, statistic: database_num"), ["app_num on host: high -> nothing, from today"]),
]  # fmt: skip
