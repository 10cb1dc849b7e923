"""The rest of the pairs made by hand that find all that was found: another order, a wider rule, a tighter one."""

from __future__ import annotations

from tests.review.small_pairs import written as p

END = "expires: 2027-03-31"
A, B, C = "id: a, ports: [21]", "id: b, ports: [23], severity: critical", "id: c, ports: [20-30], severity: low"
D, E = "id: d, allowed_ports: [443], categories: [container]", "id: e, statistic: app_num, above: 3"
X, Y = f"rules: [a], up_to: 2, {END}", f"rules: [b], ports: [23], {END}"

REORDERED = [
    (p(A, B), p(B, A)),
    (p(A, B, C), p(C, B, A)),
    (p(A, B, C), p(B, C, A)),
    (p(C, D, E), p(E, C, D)),
    (p(A, D), p(D, A)),
    (p(A, E), p(E, A)),
    (p(A, B, C, D, E), p(E, D, C, B, A)),
    (p(A, B, exempt=[X, Y]), p(A, B, exempt=[Y, X])),
    (p(A, B, exempt=[X, Y]), p(B, A, exempt=[X, Y])),
    (p(A, B, C, exempt=[X, Y]), p(C, A, B, exempt=[Y, X])),
    (p("id: a, ports: [21, 23]"), p("id: a, ports: [23, 21]")),
    (p("id: a, ports: [20-30, 21]"), p("id: a, ports: [21, 20-30]")),
    (p("id: a, ports: [21], protocols: [tcp, udp]"), p("id: a, ports: [21], protocols: [udp, tcp]")),
    (p("id: a, ports: [21], categories: [host, container]"), p("id: a, ports: [21], categories: [container, host]")),
    (p("id: a, status: [danger, normal]"), p("id: a, status: [normal, danger]")),
    (p("id: a, allowed_ports: [80, 443]"), p("id: a, allowed_ports: [443, 80]")),
    (p("id: a, ports: [21], hosts: [win-*, lin-*]"), p("id: a, ports: [21], hosts: [lin-*, win-*]")),
    (p("id: a, ports: [21], hosts: [win-*, '!win-1', '!win-2']"), p("id: a, ports: [21], hosts: ['!win-2', win-*, '!win-1']")),
    (p(A, B, exempt=[f"rules: [a, b], {END}"]), p(A, B, exempt=[f"rules: [b, a], {END}"])),
    (p(A, exempt=[Y.replace("[b]", "[a]"), X], limits="require: [ticket, ports]"),
     p(A, exempt=[X, Y.replace("[b]", "[a]")], limits="require: [ports, ticket]")),
]  # fmt: skip

WIDER = [
    (p("id: a, ports: [445]"), p("id: b, ports: [400-500]")),
    (p("id: a, ports: [445]"), p("id: b, ports: [1-65535]")),
    (p("id: a, ports: [445], protocols: [tcp]"), p("id: b, allowed_ports: [80, 443], protocols: [tcp]")),
    (p("id: a, ports: [21, 23]", "id: b, ports: [445]"), p("id: c, ports: [21-23, 445]")),
    (p("id: a, ports: [445], protocols: [tcp]"), p("id: b, ports: [445]")),
    (p("id: a, ports: [445]"), p("id: b, ports: [445], categories: [host, container]")),
    (p("id: a, ports: [445], above: 3"), p("id: b, ports: [440-450], above: 2")),
    (p("id: a, ports: [445], status: [danger]"), p("id: b, status: [danger]")),
    (p("id: a, ports: [445], status: [danger]"), p("id: b, ports: [445], status: [danger, unknown]")),
    (p("id: a, ports: [445], status: [danger]"), p("id: b, ports: [445]")),
    (p("id: a, status: [danger]"), p("id: b, ports: [1-65535]")),
    (p("id: a, ports: [445], severity: medium"), p("id: b, ports: [445-446], severity: high")),
    (p("id: a, ports: [445], effective_from: 2027-01-01"), p("id: b, ports: [445-446]")),
    (p("id: a, ports: [3389], hosts: [win-*]"), p("id: b, ports: [3389]")),
    (p("id: a, ports: [3389], hosts: [win-7, win-8]"), p("id: b, ports: [3389], hosts: [win-*]")),
    (p("id: a, ports: [3389], hosts: [10.2.0.0/16]"), p("id: b, ports: [3389], hosts: [10.0.0.0/8, win-*]")),
    (p("id: a, ports: [6379], listening: beyond-loopback"), p("id: b, ports: [6379-6380]")),
    (p("id: a, statistic: app_num, above: 9"), p("id: b, statistic: app_num, above: 3, categories: [host, container]")),
    (p("id: a, ports: [21], severity: low", "id: b, ports: [23]"),
     p("id: a, ports: [21], severity: info", "id: c, ports: [20-30]")),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"]), p("id: a, ports: [445]", "id: b, ports: [400-500]")),
]  # fmt: skip

TIGHTENED = [
    (p("id: a, ports: [445]"), p("id: a, ports: [445], severity: critical")),
    (p("id: a, ports: [445], above: 3"), p("id: a, ports: [445], above: 2")),
    (p("id: a, ports: [445], above: 3"), p("id: a, ports: [445]")),
    (p("id: a, ports: [445]"), p("id: a, ports: [445]", "id: b, ports: [23]")),
    (p("id: a, allowed_ports: [80, 443]"), p("id: a, allowed_ports: [443]")),
    (p("id: a, ports: [445], status: [danger]"), p("id: a, ports: [445], status: [danger, normal]")),
    (p("id: a, ports: [445], effective_from: 2027-02-01"), p("id: a, ports: [445], effective_from: 2027-01-01")),
    (p("id: a, ports: [445], effective_from: 2027-02-01"), p("id: a, ports: [445]")),
    (p("id: a, statistic: app_num, above: 9"), p("id: a, statistic: app_num, above: 8")),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"]), p("id: a, ports: [445]")),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"]), p("id: a, ports: [445]", exempt=["rules: [a], expires: 2027-01-31"])),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"]), p("id: a, ports: [445]", exempt=[f"rules: [a], up_to: 3, {END}"])),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], up_to: 3, {END}"]),
     p("id: a, ports: [445]", exempt=[f"rules: [a], up_to: 2, {END}"])),
    (p("id: a, ports: [53]", exempt=[f"rules: [a], {END}"]), p("id: a, ports: [53]", exempt=[f"rules: [a], protocols: [tcp], {END}"])),
    (p("id: a, ports: [21, 23]", exempt=[f"rules: [a], {END}"]),
     p("id: a, ports: [21, 23]", exempt=[f"rules: [a], ports: [23], {END}"])),
    (p("id: a, ports: [445], categories: [host, container]", exempt=[f"rules: [a], {END}"]),
     p("id: a, ports: [445], categories: [host, container]", exempt=[f"rules: [a], categories: [host], {END}"])),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"]),
     p("id: a, ports: [445]", exempt=[f'rules: [a], enterprise_projects: ["7"], {END}'])),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"]), p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"], limits="require: [ticket]")),
    (p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"], limits="exemption_days: 200"),
     p("id: a, ports: [445]", exempt=[f"rules: [a], {END}"], limits="exemption_days: 30")),
    (p("id: a, ports: [3389], hosts: ['!win-*']"), p("id: a, ports: [3389]")),
]  # fmt: skip
