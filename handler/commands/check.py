"""`check`: one run."""

from __future__ import annotations

import argparse
import hashlib
import sys
from typing import TYPE_CHECKING

from handler.clock import iso
from handler.commands.inputs import paths_as_seen_from_here, read_file
from handler.commands.output import may_write, wants_color, write_result
from handler.commands.terminal import terminal_context
from handler.errors import SettingsError, UsageError
from handler.formats.not_asked import NotAsked, counts_as, sums
from handler.formats.registry import FORMATS, MERGED, demand, render_all
from handler.models import Secret, Severity
from handler.policy.load import load_policy
from handler.report.snapshot_file import parse_snapshot
from handler.run.check import load_state
from handler.run.result import RunResult
from handler.run.targets import RunRequest, budget_seconds, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.decide.schedule import Deferred
    from handler.run.targets import PreparedRun
    from handler.state.memory import RunSummary

DESCRIPTION = "Checks the open ports of every target against the policy and prints the report."
DEFERRED_NAMED = 10
EXAMPLE = "port-compliance check --policy policies/baseline.yaml --snapshot estate.json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `check` takes."""
    parser.add_argument("--policy", action="append", metavar="PATH", help="policy file or folder; may be repeated")
    parser.add_argument("--snapshot", metavar="FILE", help="a recorded snapshot, instead of the API")
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="default: text")
    parser.add_argument("--output", metavar="FILE", help="write the report there")
    parser.add_argument("--state", metavar="URL", help="the last run: file:///..., obs://bucket/key, redis://...")
    parser.add_argument(
        "--notify", action=argparse.BooleanOptionalAction, default=False, help="tell the sinks and save the state"
    )
    parser.add_argument(
        "--fail-on", choices=[str(s) for s in Severity], default="info", help="exit 1 only for findings that severe"
    )
    parser.add_argument("--target", metavar="NAME", default="", help="only this one of TARGETS_CONFIG")
    parser.add_argument("--at", metavar="TIME", help="the clock of the run, for a result that can be repeated")
    parser.add_argument("--hosts", action="store_true", help="name the servers behind findings (Huawei Cloud only)")


def run(args: argparse.Namespace) -> int:
    """Run the check and give the exit code."""
    may_write(args.output)
    demand(args.format)
    wiring = Wiring(terminal_context(args.at), needs_place=args.snapshot is None)
    with wiring.redactor.errors():
        prepared = prepare(wiring, run_request(args))
    if args.notify and not prepared.sinks:
        raise SettingsError("--notify: there is no sink", hint="Set WEBHOOK_URL, or NOTIFY_CONFIG (see docs/sinks.md).")
    several = bool(wiring.settings.targets_config) and args.snapshot is None
    if several and len(prepared.targets) > 1 and args.format not in MERGED:
        raise UsageError(f"--format {args.format} shows one target; name it with --target NAME")
    checked = check_targets(prepared, wiring, budget_seconds(wiring.settings))
    outcome = RunResult(checked.reports, several, prepared.error, checked.deferred, prepared.run_id)
    say_deferred(checked.deferred)
    color = args.output is None and wants_color()
    text = render_all(
        args.format,
        outcome.reports,
        several=several,
        color=color,
        history=_history(prepared, args.format),
        servers=args.hosts,
        not_asked=NotAsked(outcome.deferred, outcome.run_id, iso(wiring.context.clock.now())),
    )
    write_result(text, args.output)
    return outcome.exit_code_for(Severity.of(args.fail_on))


def say_deferred(deferred: Sequence[Deferred]) -> None:
    """Name on stderr what this run did not ask and what it counts as, the worst first."""
    if not deferred:
        return
    print(f"not asked in this run, by their last verdicts: {', '.join(sums(deferred))}", file=sys.stderr)
    for one in [one for one in deferred if one.stands == "inconclusive"][:DEFERRED_NAMED]:
        print(f"  {counts_as(one)}", file=sys.stderr)


def run_request(args: argparse.Namespace) -> RunRequest:
    """What the command line asks for. Raises UsageError, PolicyError, SnapshotError."""
    if args.state and not args.state.startswith(("file:///", "obs://", "redis://", "rediss://")):
        raise UsageError("--state: must start with file:///, obs://, redis:// or rediss://")
    if args.snapshot:
        _refuse_without_effect(args)
    content = read_file(args.snapshot) if args.snapshot else b""
    return RunRequest(
        target=args.target,
        state_url=Secret(args.state) if args.state else None,
        tell=args.notify,
        dry_run=not args.notify,
        hosts=args.hosts,
        policy=load_policy(paths_as_seen_from_here(args.policy)) if args.policy else None,
        snapshot=parse_snapshot(content, args.snapshot) if args.snapshot else None,
        seed=f"{args.at}|{args.target}|{hashlib.sha256(content).hexdigest()}" if args.at else "",
    )


def _refuse_without_effect(args: argparse.Namespace) -> None:
    for name in ("target", "hosts"):
        if getattr(args, name):
            raise UsageError(f"--{name} has no effect beside --snapshot, which is of one target and holds its answers")


def _history(prepared: PreparedRun, form: str) -> tuple[RunSummary, ...]:
    """The earlier runs, for the one format that draws them."""
    last_run = load_state(prepared.targets[0].store).last_run if form == "html" else None
    return () if last_run is None else last_run.history
