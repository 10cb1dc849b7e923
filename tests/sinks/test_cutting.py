"""A machine's report of one message: only what it carries is written, and that as in the whole report."""

from __future__ import annotations

import pytest

from handler.models import AnnouncedFinding, Changes, ExemptedFinding, PastFinding
from handler.models.gaps import Gaps
from handler.report.json_v1 import report_dict
from handler.report.verdict import counts_of
from handler.sinks.message import BARE
from handler.sinks.text.cutting import due_report, most_listed
from tests import notices
from tests.fakes import finding, report

EXEMPTED = ExemptedFinding(finding("ftp", 21), "ftp", "Old.", "ops", "2027-03-31", 129)
ANNOUNCED = AnnouncedFinding(finding("ssh", 22), "2027-01-01")
SAID_ANEW = {"findings", "omitted", "changes", "exempted", "announced", "vendor"}


def notice(**other):
    gone = tuple(PastFinding(finding("old", port), "closed") for port in range(300))
    changes = Changes(new=("a",), ongoing=("b",) * 300, resolved=gone, unseen=gone)
    derived = {
        "changes": changes,
        "exempted": (EXEMPTED,),
        "announced": (ANNOUNCED,),
        "vendor": Gaps((("host", 5900, "tcp"),), ()),
    }
    whole = report(finding(), finding("rdp", 3389), **(derived | other))
    return notices.notice()._replace(report=whole)


@pytest.mark.parametrize("further", [False, True])
@pytest.mark.parametrize("shrink", [0, BARE])
def test_all_but_the_findings_is_as_in_the_whole_report(shrink, further):
    told, sink = notice()._replace(further=further), notices.sink("generic")
    body, whole = due_report(told, sink, shrink), report_dict(told.report)
    bare = further or shrink >= BARE
    assert {key: body[key] for key in body.keys() - SAID_ANEW} == {key: whole[key] for key in whole.keys() - SAID_ANEW}
    for name, nothing in (("exempted", []), ("announced", []), ("vendor", None)):
        assert body[name] == (nothing if bare else whole[name]), name
    assert body["counts"] == dict(counts_of(told.report))
    assert body["changes"]["unseen"] == whole["changes"]["unseen"]


def test_what_is_not_seen_is_cut_with_the_list_and_stays_null_without_a_state():
    sink = notices.sink("generic", max_findings=8)
    for shrink in (BARE + 1, BARE + 2):
        cap = most_listed(sink, shrink)
        assert len(due_report(notice(), sink, shrink)["changes"]["unseen"]) == cap
        assert cap is not None
        assert cap <= 8
    assert due_report(notice(changes=None), sink)["changes"] is None


class Unread(tuple):
    """What must not be written."""

    __slots__ = ()

    def __iter__(self):
        raise AssertionError("it was read")


@pytest.mark.parametrize("further", [False, True])
def test_what_a_message_leaves_out_is_not_written_first(further):
    changes = Changes(resolved=Unread([PastFinding(finding(), "closed")]))
    told = notice(exempted=Unread([EXEMPTED]), announced=Unread([ANNOUNCED]), changes=changes)
    shrink = 0 if further else BARE
    assert due_report(told._replace(further=further), notices.sink("generic"), shrink)["exempted"] == []
