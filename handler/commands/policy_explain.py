"""`policy explain`: which rules and exemptions speak of a port, and why."""

from __future__ import annotations

import argparse
import re

from handler.commands.inputs import today
from handler.commands.policy_arguments import AT_HELP, add_format, add_paths
from handler.errors import UsageError
from handler.models import CATEGORIES
from handler.policy.load import load_policy
from handler.policy.rules import PROTOCOLS
from handler.policy.services import services, suggestion
from handler.review.explain import Question, explain, questions
from handler.review.explain_formats import explain_json, explain_text

EXAMPLE = "port-compliance policy explain policies/baseline.yaml --port 23/tcp --category host"
_NUMBER = r"[0-9]{1,5}"
_PROTOCOL = re.compile(r"[a-z0-9_-]+")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `policy explain` takes."""
    add_paths(parser)
    parser.add_argument("--port", required=True, metavar="PORT[/PROTOCOL]", help="as 23/tcp, 53 or telnet/tcp")
    parser.add_argument("--category", choices=CATEGORIES, help="default: those that the policy speaks of")
    parser.add_argument("--num", type=_count, metavar="N", help="the row's num (default: any)")
    parser.add_argument("--status", metavar="S", help="the row's status; none for a row without (default: any)")
    parser.add_argument("--enterprise-project", default="all_granted_eps", metavar="ID", help="default all_granted_eps")
    parser.add_argument("--at", metavar="TIME", help=AT_HELP)
    add_format(parser, "text", "json")


def run(args: argparse.Namespace) -> int:
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


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def _status(word: str | None) -> str | None:
    return None if word is None else word.lower()


def _port(text: str) -> list[tuple[int, str]]:
    """Port and protocol of `23/tcp`; of `53` both protocols. Raises UsageError."""
    word, _, protocol = text.lower().partition("/")
    service = None if word.isdecimal() else services().get(word)
    if not (re.fullmatch(_NUMBER, word) and int(word) <= 65535) and service is None:
        meant = suggestion(word)
        raise UsageError(
            f"--port {text!r} is neither a port of 0-65535 nor a service{meant}", hint="Write it as 23/tcp."
        )
    if protocol and not _PROTOCOL.fullmatch(protocol):
        raise UsageError(f"--port {text!r}: {protocol!r} is no protocol", hint="Write it as 23/tcp.")
    port = int(word) if service is None else service.low
    return [(port, protocol)] if protocol else [(port, each) for each in PROTOCOLS]
