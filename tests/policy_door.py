"""Runs `policy ...` as the command line does, and small policies to run it on."""

from __future__ import annotations

import argparse
import sys

from handler.commands import policy
from handler.errors import PortComplianceError
from handler.policy.load import load_texts

TELNET = """\
version: 1
rules:
  - id: telnet
    ports: [23, 2323]
    protocols: [tcp]
    severity: critical
    above: 2
"""
EXEMPTED = (
    TELNET
    + """\
exemptions:
  - id: lifts
    rules: [telnet]
    ports: [2323]
    up_to: 5
    reason: Lift controllers until the retrofit.
    owner: facilities@example.org
    expires: 2027-03-31
"""
)


def policy_of(text, name="policy.yaml"):
    return load_texts([(name, text)])


def door(*arguments):
    """The exit code of `port-compliance policy ARGUMENTS`; output goes where the program's goes."""
    parser = argparse.ArgumentParser(prog="port-compliance")
    policy.register(parser.add_subparsers(required=True))
    args = parser.parse_args(["policy", *(str(argument) for argument in arguments)])
    try:
        return args.run(args)
    except PortComplianceError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
