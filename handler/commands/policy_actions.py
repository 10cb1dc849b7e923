"""What `policy ...` does: read, ask the pure rooms, print, give the exit code."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.commands.policy_checks import coverage, schema, validate
from handler.commands.policy_inputs import recorded, today
from handler.errors import UsageError
from handler.policy.load import load_policy, load_texts
from handler.policy.rules import PROTOCOLS
from handler.policy.services import services, suggestion
from handler.review.case_formats import cases_json, cases_junit, cases_text
from handler.review.case_results import run_suite
from handler.review.cases import read_suites
from handler.review.compare import compare_on_snapshot
from handler.review.compare_formats import compare_json, compare_markdown, compare_text
from handler.review.explain import Question, explain, questions
from handler.review.explain_formats import explain_json, explain_text
from handler.review.git_source import PREFIX, git_texts
from handler.review.mutate import mutate_suite
from handler.review.mutate_formats import mutants_json, mutants_text
from handler.review.sweep import compare_everywhere

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping

    from handler.policy.rules import Policy

_PROTOCOL = re.compile(r"[a-z0-9_-]+")


def test(args: Namespace) -> int:
    """1 if a case fails or too little of a policy is fired, else 0."""
    suites = [run_suite(suite) for suite in read_suites([Path(path) for path in args.paths], args.name)]
    if args.format == "junit":
        text = cases_junit(suites)
    elif args.format == "json":
        text = cases_json(suites)
    else:
        text = cases_text(suites, coverage=args.coverage or args.min_coverage is not None)
    print(text, end="")
    thin = [] if args.min_coverage is None else [each for each in suites if each.coverage.below(args.min_coverage)]
    for suite in thin:
        print(f"{suite.policy_path}: coverage {suite.coverage.percent}% is below {args.min_coverage}%", file=sys.stderr)
    return int(bool(thin) or any(suite.failed for suite in suites))


def mutate(args: Namespace) -> int:
    """1 if a mutant survives (or, with `--min-killed`, too many do), else 0."""
    results = [mutate_suite(suite) for suite in read_suites([Path(path) for path in args.paths])]
    print(mutants_json(results) if args.format == "json" else mutants_text(results), end="")
    return int(any(result.below(100 if args.min_killed is None else args.min_killed) for result in results))


def diff(args: Namespace) -> int:
    """3 if the snapshot cannot answer both policies, 1 if something is newly found, else 0."""
    old, new, names = _source(args.old), _source(args.new), (args.old, args.new)
    if args.snapshot:
        comparison = compare_on_snapshot(old, new, recorded(args.snapshot), today(args), names)
    else:
        comparison = compare_everywhere(old, new, today(args), names)
    render = {"markdown": compare_markdown, "json": compare_json}.get(args.format, compare_text)
    print(render(comparison), end="")
    if comparison.doubts:
        return 3
    return int(bool(comparison.of("new")))


def explain_port(args: Namespace) -> int:
    """Always 0: it informs."""
    policy = load_policy(args.paths)
    asked = [
        question
        for port, protocol in _port(args.port)
        for question in questions(
            policy, Question(port, protocol, "", args.num, _status(args.status), args.enterprise_project), args.category
        )
    ]
    explanations = [explain(policy, question, today(args)) for question in asked]
    print(explain_json(explanations) if args.format == "json" else explain_text(explanations), end="")
    return 0


def _source(reference: str) -> Policy:
    """The policy of a path or of `git:REV:PATH`."""
    if reference.startswith(PREFIX):
        return load_texts(git_texts(reference, Path.cwd()))
    return load_policy([reference])


def _status(word: str | None) -> str | None:
    return None if word is None else word.lower()


def _port(text: str) -> list[tuple[int, str]]:
    """Port and protocol of `23/tcp`; of `53` both protocols. Raises UsageError."""
    word, _, protocol = text.lower().partition("/")
    service = None if word.isdecimal() else services().get(word)
    if not (word.isdecimal() and int(word) <= 65535) and service is None:
        meant = suggestion(word)
        raise UsageError(
            f"--port {text!r} is neither a port of 0-65535 nor a service{meant}", hint="Write it as 23/tcp."
        )
    if protocol and not _PROTOCOL.fullmatch(protocol):
        raise UsageError(f"--port {text!r}: {protocol!r} is no protocol", hint="Write it as 23/tcp.")
    port = int(word) if service is None else service.low
    return [(port, protocol)] if protocol else [(port, each) for each in PROTOCOLS]


ACTIONS: Mapping[str, Callable[[Namespace], int]] = {
    "validate": validate,
    "test": test,
    "mutate": mutate,
    "diff": diff,
    "explain": explain_port,
    "coverage": coverage,
    "schema": schema,
}
