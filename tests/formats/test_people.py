"""Text and Markdown: what people read first, and that nothing in it acts."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from handler.formats.inert import cells, inert
from handler.formats.registry import render_report
from handler.formats.words import NOT_SEEN_NOW, days_words, verdict_words
from handler.models import Changes, ExemptedFinding, PastFinding, Problem, Row, Severity
from tests.examples import examples
from tests.fakes import category, finding, report
from tests.format_reports import NASTY, REPORTS, announced, exempted, hostile, inconclusive, violating

every_report = pytest.mark.parametrize("name", REPORTS)


@every_report
@pytest.mark.parametrize("color", [False, True])
def test_text_fits_80_columns(name, color):
    shown = re.sub(r"\x1b\[[0-9;]*m", "", render_report("text", REPORTS[name], color=color))
    assert max(cells(line) for line in shown.splitlines()) <= 80


@every_report
def test_colours_only_when_asked_and_never_the_only_sign(name):
    plain, painted = render_report("text", REPORTS[name]), render_report("text", REPORTS[name], color=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain
    assert painted != plain


def test_text_says_the_verdict_first():
    assert render_report("text", violating()).startswith(
        "VIOLATIONS  prod (otc, eu-de)\n4 findings: 2 critical, 1 high, 1 low"
    )
    assert render_report("text", report()).startswith("COMPLIANT")
    assert "not an all-clear" in render_report("text", inconclusive()).splitlines()[1]


def test_text_lists_findings_worst_first_with_why_and_what_to_do():
    shown = render_report("text", violating())
    assert shown.index("CRITICAL") < shown.index("HIGH") < shown.index("LOW")
    assert "23/tcp     host, num 3, HSS says danger, since 2026-11-20" in shown
    assert "why Passwords in clear text." in shown
    assert "do  Disable telnetd, use SSH." in shown


def test_text_names_a_rule_once_for_all_its_rows():
    shown = render_report("text", report(finding(), finding(protocol="tcp6"), finding(port=2323)))
    assert shown.count("Telnet is open") == 1
    assert [place in shown for place in ("23/tcp ", "23/tcp6", "2323/tcp")] == [True] * 3


def test_a_long_type_stands_apart_from_what_follows():
    shown = render_report("text", report(finding(port=65535, protocol="icmpv6")))
    assert "  65535/icmpv6 host, num 3" in shown


def test_text_shows_five_hosts_and_how_many_more():
    shown = render_report("text", violating())
    assert shown.count("> web-") == 5
    assert "> and 3 more" in shown
    assert "127.0.0.1 (loopback only)" in shown


@pytest.mark.parametrize(
    ("day", "when"),
    [("2026-11-22", "2026-12-01, in 9 days"), ("2026-11-30", "2026-12-01, tomorrow"), ("2026-12-01", "2026-12-01")],
)
@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_an_announced_row_says_how_severely_it_counts_from_when(name, day, when):
    shown = render_report(name, announced()._replace(started_at=f"{day}T12:00:00Z"))
    assert when in " ".join(shown.split())
    assert "in 0 days" not in shown
    assert "critical" in shown.partition("ANNOUNCED" if name == "text" else "Announced, not")[2]


@every_report
def test_a_compliant_verdict_says_what_it_leaves_out(name):
    one = REPORTS[name]
    said = verdict_words(one)
    if one.verdict == "compliant":
        assert (f"{len(one.exempted)} exempted" in said) == bool(one.exempted)
        assert (f"{len(one.announced)} announced" in said) == bool(one.announced)
        assert ("but for" in said) == bool(one.exempted or one.announced)


@pytest.mark.parametrize("name", ["text", "markdown", "html", "junit", "github"])
def test_a_verdict_names_the_categories_that_a_setting_kept_from_being_asked(name):
    narrowed = category(name="container", complete=False, plan="skipped", total_num=None, api_calls=0)
    for one in (report(), violating()):
        assert "; container not asked, by a setting" not in verdict_words(one)
        told = one._replace(coverage=(category(), narrowed))
        assert verdict_words(told).endswith("; container not asked, by a setting")
        assert "container not asked, by a setting" in " ".join(render_report(name, told).split())


def test_text_says_once_what_is_tolerated_for_the_same_time_and_reason():
    begun, lifts = (
        ("Open when we began.", "ops@example.org", "2027-06-30", 220),
        ("Lifts.", "f@example.org", "2027-03-31", 129),
    )
    items = [
        ExemptedFinding(finding("ftp", 21, title="FTP is open"), "ftp-21", *begun),
        ExemptedFinding(finding("telnet", 23), "lifts", *lifts),
        ExemptedFinding(finding("smb", 445, title="SMB is open"), "smb-445", *begun),
    ]
    shown = render_report("text", report(exempted=tuple(items)))
    assert shown.count("Open when we began.") == 1
    assert "EXEMPTED (3)\n  until 2027-06-30 (220 days left), ops@example.org: Open when we began.\n" in shown
    assert "  - 21/tcp host num 3: FTP is open, by ftp-21\n  - 445/tcp host num 3: SMB is open, by smb-445\n" in shown
    assert "  23/tcp host num 3: Telnet is open, by lifts until 2027-03-31" in shown


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_what_is_newly_forbidden_is_named(name):
    there, new = finding("rdp", 3389, title="Remote Desktop is open", num=4), finding("smb", 445, title="SMB is open")
    one = report(there, new, changes=Changes(new=(new.fingerprint,), newly_forbidden=(there.fingerprint,)))
    shown = " ".join(render_report(name, one).split())
    said = shown[shown.lower().rindex("newly forbidden") :]
    assert "3389/tcp" in said
    assert "Remote Desktop is open" in said
    assert "SMB" not in said
    assert "1 newly forbidden" in shown


def test_text_shows_exempted_announced_changes_deliveries_and_what_was_not_seen():
    assert "legacy-telnet until 2027-03-31 (129" in render_report("text", exempted())
    assert "counts from 2026-12-01" in render_report("text", announced())
    shown = render_report("text", violating())
    counts = "1 new, 0 newly forbidden, 0 grown, 0 raised, 0 lowered, 0 reopened, 1 ongoing, 1 ended, 0 unseen"
    assert counts in " ".join(shown.split())
    assert "pager (pagerduty): owed, HTTP 503" in shown
    blind = render_report("text", inconclusive())
    assert "NOT SEEN\n  host: page 2 of 3 did not come" in blind
    assert "container: not asked" in blind
    assert "1 of 412 rows" in blind


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_a_run_that_asked_nothing_and_read_no_policy_says_neither_when_nor_which(name):
    broken = report(verdict="inconclusive", coverage=(), policy_name="", policy_digest="")
    shown = render_report(name, broken)
    assert "HSS not asked" in shown
    assert "olicy not read" in shown
    assert "HSS asked 2026" not in shown
    assert "HSS asked 2026" in render_report(name, violating())


def test_an_inconclusive_run_without_a_reason_still_says_so():
    assert "did not say why" in render_report("text", report(verdict="inconclusive"))


def rendered(one):
    return MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(render_report("markdown", one))


def test_markdown_is_a_table_that_people_can_read():
    shown = rendered(violating())
    assert "<h2>❌ Violations: prod (otc, eu-de)</h2>" in shown
    assert "<td><strong>critical</strong></td>\n<td>23/tcp</td>" in shown
    assert "<details>" not in shown


def test_markdown_folds_what_is_longer_than_twenty_rows():
    assert "<details>" not in render_report("markdown", report(*(finding(port=n) for n in range(1, 21))))
    shown = render_report("markdown", report(*(finding(port=n) for n in range(1, 22))))
    assert "<details><summary>Findings: 21 rows</summary>\n\n|" in shown


def test_markdown_fits_a_pull_request_comment_and_says_what_was_cut():
    shown = render_report("markdown", report(*(finding(port=n % 65535, title="x" * 400) for n in range(3000))))
    assert len(shown) < 65_536
    kept = shown.count("| **critical** |")
    assert f"and {3000 - kept} more" in shown


@pytest.mark.parametrize("text", [NASTY, "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![i](//evil/x.png)",
                                  "<https://evil.example>", "a | b | c", "`" * 7, "# head", "- item", "1. item", "---", "~~~"])  # fmt: skip
def test_markdown_of_hostile_text_is_inert(text):
    shown = rendered(hostile(text))
    tags = set(re.findall(r"<(/?[a-z0-9]+)[ >]", shown))
    assert tags <= {f"{end}{tag}" for end in ("", "/") for tag in
                    ("h2", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "br")}  # fmt: skip
    found, later = [len(row.split("<td>")) for row in shown.split("<tr>")[2:] if "critical" in row]
    assert (found, later) == (7, 6)  # a finding, and an announced row


def test_markdown_breaks_mentions_references_and_links():
    shown = render_report("markdown", report(finding(title="@team #12 https://evil.example www.evil.example")))
    assert not re.search(r"@team|#12|https://|www\.", shown)


@given(st.text(max_size=300), st.integers(2, 100))
@settings(max_examples=examples(100), deadline=None)
def test_inert_text_is_one_short_printable_line(text, longest):
    shown = inert(text, longest)
    assert len(shown) <= longest
    assert shown == shown.strip()
    assert all(letter.isprintable() or letter == "\ufffd" for letter in shown)


def test_inert_leaves_honest_text_alone():
    for text in ("Telnet is open", "Überwachung: 端口 23 sofort schließen!", ""):
        assert inert(text) == text


def test_severity_is_written_as_a_word_in_every_format_for_people():
    shown = render_report("text", report(finding(severity=Severity.INFO)))
    assert "INFO" in shown


def test_text_shows_ten_findings_that_are_gone_and_how_many_more():
    gone = tuple(PastFinding(finding(port=port), "policy") for port in range(1, 13))
    shown = render_report("text", report(changes=Changes(resolved=gone)))
    assert shown.count("(policy)") == 10
    assert "ended: and 2 more" in shown


def test_markdown_names_what_ended_and_why_and_what_is_not_known_now():
    ended, unseen = PastFinding(finding(), "status"), PastFinding(finding("rdp", 3389, title="RDP is open"), "unseen")
    shown = render_report("markdown", report(changes=Changes(resolved=(ended,), unseen=(unseen,))))
    assert "**Ended**\n\n- 23/tcp (host, num 3): Telnet is open (status)\n" in shown
    assert f"**{NOT_SEEN_NOW.capitalize()}**\n\n- 3389/tcp (host, num 3): RDP is open\n" in shown
    assert "**Ended**" not in render_report("markdown", report(changes=Changes()))


def test_text_says_once_that_a_finding_is_unseen():
    shown = render_report("text", report(changes=Changes(unseen=(PastFinding(finding(), "unseen"),))))
    assert "unseen: 23/tcp host num 3: Telnet is open\n" in shown


def test_a_rule_without_a_title_is_named_once():
    assert "[" not in render_report("text", report(finding("telnet", title="telnet")))


def test_rows_from_a_file_took_no_calls():
    one = report(coverage=(category([Row(443, "tcp", 1)], api_calls=0),))
    assert "host: all 1 row seen\n" in render_report("text", one)
    assert "host: all 2 rows seen in 2 calls\n" in render_report("text", report())


@pytest.mark.parametrize(("plan", "said"), [("ports", "every port of the policy answered, 1 of 900 rows read"),
                                            ("sorted", "every port of the policy passed in order, 1 of 900 rows read")])  # fmt: skip
def test_coverage_says_how_it_was_asked(plan, said):
    one = report(coverage=(category([Row(23, "tcp", 1)], plan=plan, every_row=False, total_num=900),))
    assert said in render_report("text", one)


@pytest.mark.parametrize(("days", "said"), [(1, "1 day left"), (0, "last day today"), (-2, "over since 2 days")])
def test_days_left_in_words(days, said):
    assert days_words(days) == said


def test_problems_of_a_run_that_is_not_inconclusive_and_gaps_between_runs_are_said():
    one = report(problems=(Problem("tolerated: $.data_list[0].num"),), gap_hours=31, omitted=5)
    shown = render_report("text", one)
    for said in (
        "tolerated: $.data_list[0].num",
        "no run for 31 h, or none that could save its state",
        "5 findings omitted here",
    ):
        assert said in shown
    assert "NOT SEEN" not in shown


@pytest.mark.parametrize("format_", ["text", "markdown", "csv", "html", "junit"])
def test_whom_to_ask_and_where_the_steps_are_stand_where_the_texts_of_a_finding_do(format_):
    shown = html.unescape(
        render_report(format_, report(finding(owner="windows-team", runbook="https://runbooks.test/telnet")))
    )
    assert "windows-team" in shown
    assert "runbooks.test/telnet" in shown.replace("\u200b", "")


@pytest.mark.parametrize(
    ("runbook", "link"),
    [
        ("https://runbooks.test/a_b/~c?x=1&copy;=2#s", "https://runbooks.test/a_b/~c?x=1&copy;=2#s"),
        ("http://runbooks.test/telnet", "http://runbooks.test/telnet"),
        ("https://runbooks.test/(a)|<b>[c]`d`", "https://runbooks.test/%28a%29%7C%3Cb%3E%5Bc%5D%60d%60"),
        ("https://runbooks.test/$x$", "https://runbooks.test/%24x%24"),
        ("javascript:alert(1)", None),
        ("https://user:pw@runbooks.test/", None),
        ("https://runbooks.test/\u202ex", None),
        ("see the wiki", None),
    ],
)
def test_markdown_links_a_runbook_of_the_web_whole_and_no_other(runbook, link):
    shown = rendered(report(finding(runbook=runbook)))
    links = [html.unescape(found) for found in re.findall(r'<a href="([^"]*)">Runbook</a>', shown)]
    assert links == ([link] if link else [])
    assert shown.count("<a ") == len(links)


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        ("facilities_2@sub.example.org", True),
        ("windows-team", False),
        ("@channel", False),
        ("`a`@example.org", False),
        ("a@b.example | @team", False),
        ("x" * 300 + "@example.org", False),
    ],
)
def test_a_mail_address_of_an_owner_stays_whole_in_markdown_and_is_no_link(owner, code):
    waived = ExemptedFinding(finding(port=24), "lifts", "why", owner, "2027-03-31", 9)
    one = report(finding(owner=owner), exempted=(waived,))
    shown = rendered(one)
    assert shown.count(f"<code>{owner}</code>") == (2 if code else 0)
    assert shown.count("<code>") == (2 if code else 0)
    assert "<a " not in shown
    if "@" in owner and not code:
        assert owner not in render_report("markdown", one)


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_the_ticket_and_the_approval_of_an_exemption_stand_beside_its_reason(format_):
    waived = ExemptedFinding(finding(port=24), "lifts", "why", "o", "2027-03-31", 9, "EXC-1", "ciso-of-ours")
    shown = render_report(format_, report(exempted=(waived,))).replace("\u200b", "").replace("\n    ", " ")
    assert "EXC-1" in shown
    assert "approved by ciso-of-ours" in shown
