"""The words, the folding, the cutting: what is the same in every dialect."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.foreign_text import cut, one_line, safe_url
from handler.models import AnnouncedFinding, ExemptedFinding, Severity
from handler.models.listeners import Host
from handler.notify.several import of_several
from handler.sinks.sink import Notification
from handler.sinks.text.announced import announced_in, announcement
from handler.sinks.text.dialects import MARKDOWN, PLAIN_TEXT, SLACK
from handler.sinks.text.fitting import Entry, TextBlock, and_more, fit_blocks, pack, size_bytes
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import how_many, servers, where
from handler.sinks.text.wording import content_of
from tests import notices
from tests.examples import examples
from tests.fakes import TARGET, category, finding, report


def lines(*findings):
    return [(where(line), how_many(line), line.rules) for line in fold(findings)]


def test_a_port_is_told_once_with_all_its_rules_and_both_protocols():
    found = (
        finding("telnet", 23),
        finding("clear-text", 23, severity=Severity.LOW),
        finding("telnet", 23, protocol="tcp6", num=1),
    )
    assert lines(*found) == [("23/tcp+tcp6", "1-3 servers", ("telnet", "clear-text"))]


def test_neighbouring_ports_of_the_same_rule_are_a_range():
    assert lines(*(finding("netbios", port) for port in (139, 135, 136, 138))) == [
        ("135-136/tcp", "3 servers", ("netbios",)),
        ("138-139/tcp", "3 servers", ("netbios",)),
    ]


@pytest.mark.parametrize(
    "other",
    [{"severity": Severity.LOW}, {"protocol": "udp"}, {"category": "container"}, {"rule_id": "x"}, {"title": "other"}],
)
def test_neighbours_that_differ_stay_apart(other):
    assert len(fold((finding(port=23), finding(**({"port": 24} | other))))) == 2


def test_the_worst_comes_first_whatever_the_order_of_the_input():
    found = [
        finding("a", 1, severity=Severity.LOW),
        finding("b", 9),
        finding("c", 5, severity=Severity.HIGH),
        finding("b", 2),
    ]
    assert [place for place, *_ in lines(*found)] == ["2/tcp", "9/tcp", "5/tcp", "1/tcp"]
    assert fold(found) == fold(reversed(found))


def test_of_a_port_the_worst_rule_comes_first_whatever_the_order_of_the_input():
    found = [finding("a", severity=Severity.LOW), finding("c"), finding("b")]
    assert [rules for *_, rules in lines(*found)] == [("b", "c", "a")]


def test_a_counter_and_a_container_are_named_as_such():
    counter = finding("too-many", None, protocol=None, num=25)
    assert lines(counter) == [("host counter", "count 25", ("too-many",))]
    assert lines(finding(category="container", num=1)) == [("container 23/tcp", "1 container", ("telnet",))]


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from(["tcp", "tcp6", "udp", "icmp"]), st.sampled_from("ab")),
        unique=True,
    )
)
@settings(max_examples=examples(60), deadline=None)
def test_folding_neither_loses_nor_doubles_a_finding(keys):
    found = [finding(rule, port, protocol=protocol) for port, protocol, rule in keys]
    folded = [f.fingerprint for line in fold(found) for f in line.findings]
    assert sorted(folded) == sorted(f.fingerprint for f in found)


def test_ports_without_a_gap_are_one_line_as_long_as_the_same_is_said_of_them():
    same = [finding("a", port) for port in range(1, 3001)]
    odd = finding("b", 3001)
    assert [(line.first, line.last, len(line.findings)) for line in fold([odd, *same])] == [
        (1, 3000, 3000),
        (3001, 3001, 1),
    ]


def test_summary_counts_changes_and_severities():
    assert content_of(notices.notice(), notices.sink()).summary == (
        "Findings: 7 new, 1 closed, 1 still open. Open now: 2 critical, 5 high, 1 medium."
    )


def test_an_empty_complete_run_says_so_and_an_incomplete_one_does_not():
    assert "complete: no port" in content_of(notices.empty(), notices.sink()).summary
    assert "no port breaks" not in content_of(notices.inconclusive(), notices.sink()).summary


def test_an_inconclusive_run_says_what_is_missing_even_if_it_was_told_before():
    content = content_of(notices.inconclusive()._replace(not_seen=()), notices.sink())
    assert content.sections[0].items[0].text == "container: $.data_list: page 3 of 7 did not come (0 rows seen)"


NARROWED = category(name="container", complete=False, plan="skipped", total_num=None, api_calls=0)


def test_every_message_names_what_a_setting_kept_from_being_asked():
    for plain in (notices.empty(), notices.notice(), notices.inconclusive()):
        told = plain._replace(report=plain.report._replace(coverage=(*plain.report.coverage, NARROWED)))
        assert content_of(told, notices.sink()) == content_of(plain, notices.sink())._replace(
            summary=f"{content_of(plain, notices.sink()).summary} Not asked, by a setting: container."
        )


def test_a_category_that_was_not_asked_is_no_reason_for_not_knowing():
    blind = notices.inconclusive()._replace(not_seen=())
    told = blind._replace(report=blind.report._replace(coverage=(category(), NARROWED, blind.report.coverage[1])))
    assert [item.text for item in content_of(told, notices.sink()).sections[0].items] == [
        "container: $.data_list: page 3 of 7 did not come (0 rows seen)"
    ]


def test_a_message_on_several_targets_says_of_which_a_category_was_not_asked():
    covered = {"prod": (category(), NARROWED), "test": (category(), NARROWED), "lab": (category(),)}
    parts = [
        Notification(name, report(target=TARGET._replace(name=name), coverage=coverage))
        for name, coverage in covered.items()
    ]
    assert content_of(of_several(parts, "m"), notices.sink()).summary == (
        "Checked, complete: no port breaks the policy. Not asked, by a setting: container of prod, test."
    )


def test_a_quiet_sink_is_told_that_the_check_was_complete_and_what_is_still_open():
    quiet = notices.notice()._replace(new=(), resolved=(), heartbeat=True)
    assert content_of(quiet, notices.sink()).summary.startswith(
        "Findings: 1 still open. Checked, complete: nothing new."
    )
    other = quiet._replace(ongoing=())
    assert content_of(other, notices.sink()).summary == "No finding concerns this channel."


def test_every_message_of_a_tolerant_run_says_so():
    warned = notices.empty().report._replace(warnings=("tolerated (VALIDATION=warn): $.x: y", "something else"))
    (section,) = content_of(notices.empty()._replace(report=warned), notices.sink()).sections
    assert section.items[0].text == "Answers that break their schema were accepted (VALIDATION=warn): 1 in all."


def test_exempted_and_announced_findings_are_counted():
    gone = ExemptedFinding(finding(), "legacy", "retrofit", "o@example.org", "2027-03-31", 100)
    later = AnnouncedFinding(finding(), "2026-12-01")
    whole = notices.empty().report._replace(exempted=(gone, gone), announced=(later,))
    assert content_of(notices.empty()._replace(report=whole), notices.sink()).summary.endswith(
        "Exempted: 2. Announced: 1."
    )


@pytest.mark.parametrize(
    ("days", "words"), [(8, "8 days left"), (1, "1 day left"), (0, "0 days left"), (-1, "ended on")]
)
def test_an_exemption_near_its_end_is_told_with_its_days(days, words):
    notice = notices.notice()
    ending = notice.exemptions[0]._replace(days_left=days)
    (section,) = (
        s
        for s in content_of(notice._replace(exemptions=(ending,)), notices.sink()).sections
        if s.heading == "Exemptions"
    )
    assert words in section.items[0].text


def said(notice, heading):
    sections = {section.heading: section for section in content_of(notice, notices.sink()).sections}
    return [item.text for item in sections[heading].items]


def test_an_exemption_near_its_end_names_its_ticket_and_who_approved_it():
    notice = notices.notice()
    ending = notice.exemptions[0]
    waived = ExemptedFinding(
        finding(), ending.exemption_id, "retrofit", ending.owner, ending.expires, 8, "EXC-2026-017", "ciso@example.org"
    )
    told = notice._replace(report=notice.report._replace(exempted=(waived,)))
    assert said(told, "Exemptions")[0].startswith(
        f"{ending.exemption_id} (owner {ending.owner}, ticket EXC-2026-017, approved by ciso@example.org) holds until"
    )
    other = waived._replace(exemption_id="another")
    assert "ticket" not in said(told._replace(report=told.report._replace(exempted=(other,))), "Exemptions")[0]


def announced_on(day, *rows):
    whole = notices.empty().report._replace(announced=tuple(AnnouncedFinding(*row) for row in rows))
    told = notices.empty()._replace(report=whole, announcements=announced_in(whole, day))
    return said(told, "Announced")


def test_an_announced_rule_says_when_it_counts_how_severely_and_what_it_will_forbid():
    rows = (finding("rdp", 3389, title="RDP is open", num=2), finding("rdp", 3389, protocol="tcp6", num=1),
            *(finding("rdp", port, title="RDP is open", num=1) for port in range(5000, 5020, 2)))  # fmt: skip
    coming = [(row._replace(severity=Severity.HIGH), "2026-12-14") for row in rows]
    (words,) = announced_on(date(2026, 12, 1), *coming)
    assert words.startswith(
        "From 2026-12-14 on, in 13 days, RDP is open (rdp) counts; open now: 3389/tcp+tcp6, high, 1-2 servers; 5000/tcp, "
    )
    assert words.endswith("; and 5 more")


def test_rules_that_count_sooner_are_told_first_each_once():
    rows = [("b", 22, "2027-01-01"), ("a", 23, "2026-12-14"), ("b", 24, "2027-01-01"), ("a", 25, "2027-01-01")]
    told = announced_on(date(2026, 12, 13), *((finding(rule, port), day) for rule, port, day in rows))
    heads = [(sentence.partition(", T")[0], sentence.count("/tcp")) for sentence in told]
    assert heads == [
        ("From 2026-12-14 on, tomorrow", 1), ("From 2027-01-01 on, in 19 days", 2), ("From 2027-01-01 on, in 19 days", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("whole", "words"), [(True, "; nothing of it is open now"), (False, "")])
def test_an_announced_rule_of_which_nothing_is_open_says_so_where_that_is_known(whole, words):
    said_so = announcement("2026-12-14", date(2026, 12, 13), "smb forbids 445 in host", (), whole=whole)
    assert said_so == f"From 2026-12-14 on, tomorrow, smb forbids 445 in host{words}"


@given(st.text(max_size=300), st.integers(1, 60))
@settings(max_examples=examples(200), deadline=None)
def test_clean_text_is_one_short_line_without_hidden_characters(text, limit):
    shown = one_line(text, limit)
    assert len(shown) <= limit
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abce\u0301x", 5, "abc…"),
        ("ab\U0001f1e9\U0001f1eacd", 4, "ab…"),
        ("\U0001f1e9\U0001f1ea\U0001f1e9\U0001f1ea", 4, "\U0001f1e9\U0001f1ea\U0001f1e9\U0001f1ea"),
        ("ab\U0001f44d\U0001f3fdcd", 4, "ab…"),
        ("漢字漢字漢字", 4, "漢字漢…"),
    ],
)
def test_a_cut_never_splits_what_people_see_as_one_character(text, limit, shown):
    assert cut(text, limit) == shown


def test_a_tower_of_marks_is_cut_all_the_same():
    assert len(cut("e" + "\u0301" * 1000, 50)) <= 50


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/b?c=d#e", "https://a.example/b?c=d#e"),
        ("https://a.example/<b>|c)d](e", "https://a.example/%3Cb%3E%7Cc%29d%5D%28e"),
        ("https://a.example/%20x", "https://a.example/%20x"),
        ("https://a.example/@channel", "https://a.example/%40channel"),
        ("javascript:alert(1)", ""),
        ("https://user:pw@a.example/", ""),
        ("https://a.example/\u202ex", ""),
        ("https://[broken", ""),
        ("https://a.example/" + "x" * 1000, ""),
        ("", ""),
    ],
)
def test_only_harmless_urls_become_links(url, safe):
    assert safe_url(url) == safe


@pytest.mark.parametrize(
    ("dialect", "text", "escaped"),
    [
        (SLACK, "<!channel> & *b* a_b_c", "&lt;!channel&gt; &amp; \u200b*b\u200b* a_b_c"),
        (MARKDOWN, "[x](y) **b** db_1", r"\[x\]\(y) \*\*b\*\* db_1"),
        (MARKDOWN, "_it_ __x__", r"\_it\_ \_\_x\_\_"),
        (MARKDOWN, "# head", r"\# head"),
        (MARKDOWN, "- a-b", r"\- a-b"),
        (PLAIN_TEXT, "@all <at id=all> a@b.example", "@\u200ball <\u200bat id=all> a@b.example"),
    ],
)
def test_text_is_escaped_where_it_would_mean_something_and_nowhere_else(dialect, text, escaped):
    assert dialect.escape(text) == escaped


def blocks(*sizes):
    return [
        TextBlock(f"h{n}", tuple(Entry(f"{i:03}" + "x" * 20, f"{i:03}") for i in range(size)))
        for n, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(0, 40), max_size=5), st.integers(0, 900))
@settings(max_examples=examples(200), deadline=None)
def test_fitting_keeps_the_limit_and_counts_what_it_cuts(sizes, room):
    fitted = fit_blocks(blocks(*sizes), room, len, and_more)
    assert sum(len(text) + 1 for block in fitted for text in (block.heading, *block.lines)) <= room
    for block in fitted:
        told = [line for line in block.lines if not line.startswith("and ")]
        rest = sum(int(line.split()[1]) for line in block.lines if line.startswith("and "))
        assert len(told) + rest == sizes[int(block.heading[1:])]


def test_details_go_to_the_first_lines_when_there_is_not_room_for_all():
    (block,) = fit_blocks(blocks(5), 90, len, and_more)
    assert [len(line) for line in block.lines] == [23, 23, 3, 3, 3]


def test_sentences_are_served_before_findings_but_take_at_most_half():
    notes = TextBlock("note", tuple(Entry("n" * 30, "n" * 30) for _ in range(20)), first=True)
    first, second = fit_blocks([*blocks(20), notes], 400, len, and_more)
    assert (first.heading, second.heading) == ("h0", "note")
    assert len(second.lines) > 3
    assert len(first.lines) > 10


def test_packing_keeps_lines_whole():
    assert pack(["aaa", "bb", "cccc", "d"], 6) == ["aaa\nbb", "cccc\nd"]
    assert pack(["漢字", "漢"], 6, size_bytes) == ["漢字", "漢"]


def test_a_container_is_called_by_its_own_name_and_that_of_its_server():
    web = Host("id-1", "node-1", "10.2.0.7", container_name="web")
    assert servers((web, web._replace(host_name=""), web._replace(container_name=""))) == (
        "web on node-1 (10.2.0.7), web (10.2.0.7), node-1 (10.2.0.7)"
    )


def test_tcp_and_tcp6_of_one_server_are_one_server_and_two_containers_of_it_are_two():
    web, db = Host("id-1", "node-1", container_name="web"), Host("id-1", "node-1", container_name="db")
    (line,) = fold((finding(hosts=(web,)), finding(protocol="tcp6", hosts=(web, db))))
    assert line.hosts == (web, db)
