from __future__ import annotations

import pytest

from handler.errors import AnswerError, DeniedError
from handler.hss.auth import TokenAuth
from handler.hss.plan import Ask
from handler.models import Secret
from handler.simulator.faults import Fault
from handler.simulator.fleet import Estate, Fleet
from tests.hss_bench import EVERY, PORTS, REFUSED, STATISTICS, Bench, lines, told


def test_counters_that_cannot_be_had_are_a_warning_where_nothing_needs_them():
    got = Bench(Fleet.of(*lines(3)), Fault("html", STATISTICS)).category(EVERY)
    assert (got.complete, len(got.rows), got.statistics, got.problems) == (True, 3, None, ())
    assert "asset/statistics" in " ".join(got.warnings)


@pytest.mark.parametrize(("rows", "counters"), [(3, ("database_num",)), (0, ())], ids=["a rule", "an empty list"])
def test_counters_that_cannot_be_had_are_a_problem_where_something_needs_them(rows, counters):
    asked = Ask("host", every_row=True, counters=counters)
    got = Bench(Fleet.of(*lines(rows)), Fault("html", STATISTICS)).category(asked)
    assert (got.complete, len(got.rows), got.warnings, len(got.problems)) == (False, rows, (), 1)
    assert "asset/statistics" in told(got)


def test_refused_credentials_are_sent_once():
    bench = Bench(Fleet.of(*lines(3)), token="wrong-token-wrong-token-wrong-token-wrong")
    got = bench.snapshot(EVERY, Ask("container"))
    assert len(bench.transport.requests) == 1
    assert [(one.api_calls, one.plan) for one in got.categories] == [(1, "none"), (0, "none")]
    assert all(one.problems and not one.complete for one in got.categories)
    assert "refused before" in told(got.categories[1])


def test_after_refused_credentials_every_other_category_says_so_and_what_to_do():
    bench = Bench(Fleet.of(*lines(3)), token="wrong-token-wrong-token-wrong-token-wrong")
    got = bench.snapshot(EVERY, Ask("container"), Ask("container"))
    assert [one.category for one in got.categories] == ["host", "container", "container"]
    (hint,) = {one.problems[0].hint for one in got.categories}
    assert "made for this cloud, region and project" in hint


def test_what_refused_the_ports_says_what_to_do_and_with_a_400_stops_no_other_category():
    denied = {"status": 400, "code": "HSS.0013", "message": "no permission"}
    got = Bench(Fleet.of(*lines(3)), Fault("status", PORTS, last=None, value=denied)).snapshot(EVERY, Ask("container"))
    for one in got.categories:
        assert "HSS.0013" in told(one)
        assert "grant HSS ReadOnlyAccess" in one.problems[0].hint


def test_of_counters_and_ports_that_cannot_be_had_the_counters_are_told_first_and_what_to_do():
    faults = [Fault("html", api, last=None) for api in (STATISTICS, PORTS)]
    got = Bench(Fleet.of(*lines(3)), *faults).category(Ask("host", every_row=True, counters=("database_num",)))
    first, second = got.problems
    assert ("asset/statistics" in first.message, "asset/port/statistics" in second.message) == (True, True)
    assert (first.hint, second.hint) == (AnswerError.hint, AnswerError.hint)


def test_credentials_refused_on_the_way_are_not_sent_again_and_rows_stay():
    bench = Bench(Fleet.of(*lines(450)), Fault("status", PORTS, first=2, last=None, value=REFUSED))
    got = bench.snapshot(EVERY, Ask("container"))
    assert len(bench.transport.requests) == 3
    assert len(got.categories[0].rows) == 200


def test_a_permission_that_hss_refuses_with_a_400_does_not_stop_the_other_api():
    denied = {"status": 400, "code": "HSS.0013", "message": "no permission"}
    got = Bench(Fleet.of(*lines(3)), Fault("status", STATISTICS, value=denied)).category(EVERY)
    assert (got.complete, len(got.rows)) == (True, 3)
    assert "HSS.0013" in " ".join(got.warnings)


def test_a_permission_that_the_gateway_refuses_for_the_counters_alone_stops_nothing_else():
    fleet = Fleet({("0", "host"): Estate(lines(3)), ("0", "container"): Estate(lines(2))})
    got = Bench(fleet, Fault("status", STATISTICS, last=None, value=REFUSED)).snapshot(
        EVERY, Ask("container", every_row=True)
    )
    assert [(one.complete, len(one.rows), one.problems) for one in got.categories] == [(True, 3, ()), (True, 2, ())]
    assert all("APIG.0302" in " ".join(one.warnings) for one in got.categories)


@pytest.mark.parametrize(("rows", "counters"), [(3, ("database_num",)), (0, ())], ids=["a rule", "an empty list"])
def test_it_is_a_problem_where_something_needs_the_counters_and_the_rows_are_there(rows, counters):
    asked = Ask("host", every_row=True, counters=counters)
    got = Bench(Fleet.of(*lines(rows)), Fault("status", STATISTICS, value=REFUSED)).category(asked)
    assert (got.complete, len(got.rows), got.warnings, len(got.problems)) == (False, rows, (), 1)
    assert "APIG.0302" in told(got)


@pytest.mark.parametrize("counters", [(), ("database_num",)])
def test_a_permission_that_is_refused_for_both_apis_is_one_cause_and_not_asked_for_again(counters):
    faults = [Fault("status", api, last=None, value=REFUSED) for api in (STATISTICS, PORTS)]
    bench = Bench(Fleet.of(*lines(3)), *faults)
    got = bench.snapshot(Ask("host", every_row=True, counters=counters), Ask("container", every_row=True))
    assert [one.api_calls for one in got.categories] == [2, 0]
    assert [(len(one.problems), one.warnings) for one in got.categories] == [(1, ()), (1, ())]
    assert "refused before" in told(got.categories[1])


def test_a_login_that_is_refused_with_a_403_is_one_cause_too():
    class Refusing(TokenAuth):
        def headers(self, request):
            raise DeniedError("IAM: HTTP 403", status=403)

    bench = Bench(Fleet.of(*lines(3)))
    bench.client = bench.client._replace(authorizer=Refusing(Secret("t")))
    got = bench.snapshot(EVERY, Ask("container", every_row=True))
    assert [[str(problem) for problem in one.problems] for one in got.categories] == [
        ["IAM: HTTP 403"],
        ["not asked, because the credentials were refused before"],
    ]
    assert bench.transport.requests == []
