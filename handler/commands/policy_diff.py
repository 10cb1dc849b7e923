"""`policy diff`: what a new policy finds that an old one does not, and the reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands.inputs import here, read_snapshot, today
from handler.commands.policy_arguments import AT_HELP, add_format
from handler.errors import PolicyError
from handler.policy.load import load_policy, load_texts
from handler.review.compare import compare_on_snapshot
from handler.review.compare_formats import compare_json, compare_markdown, compare_text
from handler.review.git_source import PREFIX, git_texts
from handler.review.sweep import compare_everywhere

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping

    from handler.policy.rules import Policy
    from handler.review.changes import Comparison

EXAMPLE = "port-compliance policy diff git:main:policies/baseline.yaml policies/baseline.yaml --format markdown"


_FAILS: Mapping[str, Callable[[Comparison], bool]] = {
    "found": lambda comparison: bool(comparison.of("new")),
    "loosened": lambda comparison: comparison.is_loosened,
    "any": lambda comparison: bool(comparison.of("new")) or comparison.is_loosened,
}


def arguments(parser: ArgumentParser) -> None:
    """What `policy diff` takes."""
    for name in ("old", "new"):
        parser.add_argument(name, metavar=name.upper(), help="a policy file or folder, or git:REV:PATH")
    parser.add_argument("--snapshot", metavar="FILE", help="compare on these rows; default: on all ports")
    parser.add_argument("--at", metavar="TIME", help=AT_HELP)
    parser.add_argument(
        "--fail-on", choices=tuple(_FAILS), default="found", help="exit code 1 for what (default found)"
    )
    add_format(parser, "text", "markdown", "json")


def run(args: Namespace) -> int:
    """3 if the snapshot cannot answer both policies, 1 for what `--fail-on` names, else 0."""
    (old, new), names = _policies(args.old, args.new), (args.old, args.new)
    if args.snapshot:
        comparison = compare_on_snapshot(old, new, read_snapshot(args.snapshot), today(args), names)
    else:
        comparison = compare_everywhere(old, new, today(args), names)
    render = {"markdown": compare_markdown, "json": compare_json}.get(args.format, compare_text)
    print(render(comparison), end="")
    if comparison.doubts:
        return 3
    return int(_FAILS[args.fail_on](comparison))


def _policies(*references: str) -> list[Policy]:
    """Both policies. Raises PolicyError with the problems of both."""
    read = [_read(reference) for reference in references]
    problems = [problem for one in read if isinstance(one, PolicyError) for problem in one.problems]
    if problems:
        raise PolicyError(list(dict.fromkeys(problems)))
    return [one for one in read if not isinstance(one, PolicyError)]


def _read(reference: str) -> Policy | PolicyError:
    try:
        return _source(reference)
    except PolicyError as error:
        return error


def _source(reference: str) -> Policy:
    """The policy of a path or of `git:REV:PATH`."""
    if reference.startswith(PREFIX):
        return load_texts(git_texts(reference, here()))
    return load_policy([reference])
