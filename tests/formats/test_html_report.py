"""The HTML report as text: self-contained, inert, small, and telling all that a report knows."""

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest

from handler.errors import MissingExtraError
from handler.formats.html_report import render_html, safe_link
from handler.formats.plots import findings_plot, ports_plot
from handler.formats.registry import render_report
from handler.formats.words import NOT_SEEN_NOW
from handler.models import Changes, PastFinding, Severity
from handler.models.listeners import Host
from handler.state.memory import RunSummary
from tests.fakes import finding, report
from tests.format_reports import NASTY, REPORTS, announced, exempted, hostile, inconclusive, violating


def history(number):
    return tuple(
        RunSummary(f"r{n}", f"2026-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}T08:07:00Z", "violations", (n % 3, 1, 0, 2, n % 5),
                   100 + n, 5, 4)
        for n in range(number)
    )  # fmt: skip


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and ids."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.append((tag, known))
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known["href"]] if "href" in known else []

    def count(self, tag):
        return sum(name == tag for name, _ in self.tags)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_makes_one_page_with_one_script_of_ours(name):
    page = Page(render_html(REPORTS[name], history(40)))
    assert (page.count("script"), page.count("style"), page.count("h1")) == (1, 1, 1)
    assert page.count("iframe") == page.count("img") == page.count("form") == page.count("link") == 0
    assert not [known for _, known in page.tags if any(key.startswith("on") or key == "style" for key in known)]


@pytest.mark.parametrize("name", REPORTS)
def test_ids_are_unique_and_every_inner_link_has_its_target(name):
    page = Page(render_html(REPORTS[name], history(3)))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


@pytest.mark.parametrize("name", REPORTS)
def test_links_outside_are_plain_http_only(name):
    outside = [link for link in Page(render_html(REPORTS[name])).links if not link.startswith("#")]
    assert all(link.startswith(("https://", "http://")) for link in outside)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://", "http://[", "x"]
)
def test_other_addresses_are_shown_not_linked(url):
    assert safe_link(url) == ""
    assert url not in Page(render_html(report(finding(references=(url,))))).links


def test_the_content_security_policy_lets_only_the_own_style_and_script_run():
    shown = render_html(violating(), history(40))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', shown)
    rules = dict(part.split(" ", 1) for part in policy.replace("&#39;", "'").split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", shown, re.DOTALL)
        digest = b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


def test_nothing_is_loaded_from_elsewhere():
    shown = render_html(violating(), history(40))
    assert not re.search(r"\ssrc=|@import|url\(|xlink|<link|srcset", shown)


def test_hostile_text_is_escaped_and_cut():
    shown = render_html(hostile(NASTY))
    assert "<script>alert" not in shown
    assert not set(shown) & {"\x1b", "\x00", "\u202e", "\ud800"}
    assert len(render_html(hostile("x" * 10_000))) < 60_000


def test_a_thousand_findings_and_a_long_history_stay_below_300_kb():
    found = [
        finding(f"rule-{n % 40}", n, title=f"Port {n} offers a service that nobody should reach", num=n * 3,
                protocol=("tcp6", "tcp")[n % 2], severity=Severity(n % 5), fingerprint=f"{n:032x}")
        for n in range(1, 1001)
    ]  # fmt: skip
    changes = Changes(new=tuple(one.fingerprint for one in found[:300]))
    shown = render_html(report(*found, changes=changes), history(400))
    assert len(shown.encode()) < 300_000
    assert shown.count("<tr id=") == 1000


def test_the_page_says_everything_that_the_report_knows():
    shown = render_html(violating(), history(3))
    for said in ("4 findings: 2 critical, 1 high, 1 low", "Telnet is open", "Passwords in clear text.", "and 3 more",
                 "database_num is 31, above 20", "5900/tcp (host)", ">new<", "FTP", "closed", "HTTP 503",
                 "exemption legacy-telnet ends in 12 days", "Findings by severity"):  # fmt: skip
        assert said in shown
    assert "129 days left" in render_html(exempted())
    assert "counts from 2026-12-01" in render_html(announced())
    blind = render_html(inconclusive())
    assert "not an all-clear" in blind
    assert "host: page 2 of 3 did not come" in blind
    assert "None so far; what was not seen may hold some" in blind


def test_a_number_that_is_not_known_is_no_zero():
    def numbers(one):
        return re.findall(r"<b>([^<]*)</b>(\w+)", render_html(one).split("Findings by severity")[1].split("</ul>")[0])

    high = finding(severity=Severity.HIGH)
    levels = ["critical", "high", "medium", "low", "info", "exempted", "announced"]
    assert numbers(inconclusive(high)) == list(zip(["?", "1+", "?", "?", "?", "?", "?"], levels, strict=True))
    assert numbers(report(high)) == list(zip("0100000", levels, strict=True))
    many = [high._replace(fingerprint=str(number)) for number in range(1200)]
    assert numbers(report(*many))[1] == ("1,200", "high")
    assert numbers(inconclusive(*many))[1] == ("1,200+", "high")


def test_what_nobody_knows_of_is_not_among_what_ended():
    ended = tuple(PastFinding(finding(port=port), "closed") for port in range(1, 121))
    changes = Changes(resolved=ended, unseen=(PastFinding(finding("rdp", 3389, title="RDP is open"), "unseen"),))
    before, after = render_html(report(changes=changes)).split(f">{NOT_SEEN_NOW.capitalize()}</h2>")
    assert "and 20 more" in before
    assert "RDP is open" not in before
    assert "RDP is open" in after
    assert "closed" not in after


def test_one_run_is_no_history():
    assert "<svg" not in render_html(report(), history(1))
    assert render_html(report(), history(2)).count("<svg") == 2


@pytest.mark.parametrize("draw", [ports_plot, findings_plot])
def test_plots_are_bare_svg_that_says_the_same_on_every_day(draw):
    shown = draw(history(400))
    assert not re.search(r"<style|<script|style=|<!--|<title|href", shown)
    assert shown == draw(history(400))
    assert len(shown) < 30_000


def blind(runs, *places):
    return [run._replace(verdict="inconclusive", ports=0) if at in places else run for at, run in enumerate(runs)]


@pytest.mark.parametrize(("draw", "lines"), [(ports_plot, 1), (findings_plot, 5)])
def test_what_is_not_known_is_a_gap_in_a_plot_and_no_zero(draw, lines):
    runs = history(28)
    pieces = re.compile(r'<path d="([^"]*)" class="line reactive"')
    assert len(pieces.findall(draw(runs))) == lines
    assert len(pieces.findall(draw(blind(runs, 10, 11)))) == 2 * lines
    assert len(pieces.findall(draw(blind(runs, 10, 12)))) == 3 * lines
    assert draw(blind(runs, *range(28))) == '<p class="soft">not known in any of these runs</p>'
    before, after = pieces.findall(draw(blind(runs, *range(10, 20))))[:2]
    begins, ends = (
        sorted(float(point.split()[0]) for point in re.findall(r"[\d.]+ [\d.]+", path)) for path in (before, after)
    )
    assert ends[0] - begins[-1] > 0.9 * (begins[-1] - begins[0])  # ten slots each: known, not known, known


def test_what_is_not_known_is_a_word_in_the_table_of_runs():
    shown = render_html(report(), blind(history(3), 2))
    assert '<td class="n">not known</td>' in shown
    assert '<td class="n">?</td>' in shown or re.search(r'<td class="n">\d+\+</td>', shown)


def test_without_its_libraries_the_format_names_the_extra(uninstalled):
    uninstalled("jinja2", "handler.formats.html_report")
    with pytest.raises(MissingExtraError, match="the format html needs the extra 'report'"):
        render_report("html", report())


def test_every_server_is_on_the_page_where_the_search_finds_it():
    hosts = tuple(Host(f"id-{at}", f"win-{at:03}", "10.2.0.7", "0.0.0.0") for at in range(430))
    shown = render_html(report(finding(hosts=hosts)))
    assert all(f"win-{at:03}" in shown for at in range(430))
    assert re.search(r"<summary>and \d+ more</summary>", shown)
