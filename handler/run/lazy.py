"""What a run needs only after its first request, or not in every run: each name is imported when it is first used.

A cold start sends its first request as soon as it can. What asks HSS is loaded with the function's door
(`load_what_asks`), what decides and tells while HSS answers (`load_what_follows`), and the rest by the run that uses
it. `lazy.evaluate` is `handler.decide.evaluate.evaluate` for a reader and for a type checker; only the moment of the
import differs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from difflib import get_close_matches as get_close_matches

    from handler.decide.evaluate import evaluate as evaluate
    from handler.decide.schedule import long_unasked as long_unasked
    from handler.decide.wanted_listeners import wanted_listeners as wanted_listeners
    from handler.formats.registry import render_report as render_report
    from handler.hss.client import HssClient as HssClient
    from handler.hss.clouds_yaml import read_cloud as read_cloud
    from handler.hss.clouds_yaml import search_paths as search_paths
    from handler.hss.hosts import MOST_CALLS as MOST_CALLS
    from handler.hss.hosts import name_hosts as name_hosts
    from handler.hss.listing import check_queries as check_queries
    from handler.hss.listing import take_snapshot as take_snapshot
    from handler.hss.plan import asks_of as asks_of
    from handler.hss.row_listeners import with_listeners as with_listeners
    from handler.notify.dispatch import DeliveryContext as DeliveryContext
    from handler.notify.dispatch import dispatch as dispatch
    from handler.notify.together import Together as Together
    from handler.notify.trial import try_sinks as try_sinks
    from handler.policy.load import load_texts as load_texts
    from handler.policy.load import read_files as read_files
    from handler.report.fit import RESULT_BYTES as RESULT_BYTES
    from handler.report.json_file import MAX_JSON_BYTES as MAX_JSON_BYTES
    from handler.report.snapshot_file import parse_snapshot as parse_snapshot
    from handler.run.check_in import check_in as check_in
    from handler.run.conclude import compare_with as compare_with
    from handler.run.conclude import failed_run as failed_run
    from handler.run.conclude import report_of as report_of
    from handler.run.conclude import run_failure as run_failure
    from handler.run.end_of_run import EndOfRun as EndOfRun
    from handler.run.indexes import enter_unlisted as enter_unlisted
    from handler.run.indexes import name_kept as name_kept
    from handler.run.indexes import targets_known as targets_known
    from handler.run.left import tell_left as tell_left
    from handler.run.recorded import replay as replay
    from handler.run.result import RunResult as RunResult
    from handler.run.shard import open_shard as open_shard
    from handler.run.sink_secrets import secrets_of as secrets_of
    from handler.run.sink_test import check_sinks as check_sinks
    from handler.run.unasked import forget_unasked as forget_unasked
    from handler.run.unasked import tell_unasked as tell_unasked
    from handler.settings.sinks_file import sinks_and_problems as sinks_and_problems
    from handler.settings.targets_file import read_targets as read_targets
    from handler.settings.webhook import unsigned as unsigned
    from handler.settings.webhook import webhook_sink as webhook_sink
    from handler.state.document import decode as decode
    from handler.state.index import index_of as index_of
    from handler.state.interface import ObjectStorage as ObjectStorage
    from handler.state.obs_objects import ObsKeys as ObsKeys
    from handler.state.obs_objects import ObsObjects as ObsObjects
    from handler.state.open import open_store as open_store

_FOR_THE_FIRST_REQUEST = {  # a run on a recorded snapshot makes none
    "handler.hss.client": ("HssClient",),
    "handler.hss.listing": ("check_queries", "take_snapshot"),
    "handler.hss.plan": ("asks_of",),
}
_AFTER_THE_FIRST_REQUEST = {
    "handler.decide.evaluate": ("evaluate",),
    "handler.decide.wanted_listeners": ("wanted_listeners",),
    "handler.run.conclude": ("compare_with", "failed_run", "report_of", "run_failure"),
    "handler.run.result": ("RunResult",),
}
_TO_TELL_OR_REMEMBER = {"handler.notify.dispatch": ("DeliveryContext", "dispatch")}
_WHERE_USED = {
    "difflib": ("get_close_matches",),  # an event with a misspelt key
    "handler.decide.schedule": ("long_unasked",),  # a state that remembers other places
    "handler.formats.registry": ("render_report",),  # a gateway call that wants Markdown
    "handler.hss.clouds_yaml": ("read_cloud", "search_paths"),  # OS_CLOUD; brings yaml
    "handler.hss.hosts": ("MOST_CALLS", "name_hosts"),  # a sink that wants servers named
    "handler.hss.row_listeners": ("with_listeners",),  # a policy by server
    "handler.notify.together": ("Together",),  # sinks, and several targets
    "handler.notify.trial": ("try_sinks",),  # a test of the sinks
    "handler.policy.load": ("load_texts", "read_files"),  # a policy that is not compiled; brings yaml and pydantic
    "handler.report.fit": ("RESULT_BYTES",),  # a gateway call
    "handler.report.json_file": ("MAX_JSON_BYTES",),  # a command that reads a report
    "handler.report.snapshot_file": ("parse_snapshot",),  # a command that reads a snapshot
    "handler.run.check_in": ("check_in",),  # a sink that is told once a run
    "handler.run.end_of_run": ("EndOfRun",),  # sinks, and several targets
    "handler.run.indexes": ("enter_unlisted", "name_kept", "targets_known"),  # a run that cannot begin
    "handler.run.left": ("tell_left",),  # a state with {target}
    "handler.run.recorded": ("replay",),  # a snapshot in the API's place
    "handler.run.shard": ("open_shard",),  # a state with {target}
    "handler.run.sink_secrets": ("secrets_of",),  # sinks
    "handler.run.sink_test": ("check_sinks",),  # a test of the sinks
    "handler.run.unasked": ("forget_unasked", "tell_unasked"),  # a state with a place that nobody asked for a month
    "handler.settings.sinks_file": ("sinks_and_problems",),  # NOTIFY_CONFIG; brings yaml and pydantic
    "handler.settings.targets_file": ("read_targets",),  # TARGETS_CONFIG; brings yaml and pydantic
    "handler.settings.webhook": ("unsigned", "webhook_sink"),  # a run with sinks
    "handler.state.document": ("decode",),  # a run with a state
    "handler.state.index": ("index_of",),  # a state with {target}
    "handler.state.interface": ("ObjectStorage",),  # the same
    "handler.state.obs_objects": ("ObsKeys", "ObsObjects"),  # a policy or state in a bucket
    "handler.state.open": ("open_store",),  # a run with a state
}
_TABLE = _FOR_THE_FIRST_REQUEST | _AFTER_THE_FIRST_REQUEST | _TO_TELL_OR_REMEMBER | _WHERE_USED
_WHERE = {name: module for module, names in _TABLE.items() for name in names}


def load_what_asks() -> None:
    """Import what a first request needs."""
    _load(_FOR_THE_FIRST_REQUEST)


def load_what_follows() -> None:
    """Import what a run needs after its first request; what tells only where it has made sinks or states by then."""
    _load(_AFTER_THE_FIRST_REQUEST)
    if globals().keys() & {"secrets_of", "open_store"}:
        _load(_TO_TELL_OR_REMEMBER)


def _load(table: Mapping[str, tuple[str, ...]]) -> None:
    for module, names in table.items():
        if globals().keys() >= set(names):
            continue
        found = import_module(module)
        globals().update({name: getattr(found, name) for name in names})


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The object of that name, imported now and kept."""
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_WHERE[name]), name)
        globals()[name] = found
        return found
