"""Every way to fail, each with advice.

    PortComplianceError
    |-- UsageError            a command line, an event or a file that cannot be understood     exit 2
    |   |-- SettingsError     settings, sinks, targets: all problems at once                   exit 2
    |   |-- PolicyError       policy files: all problems of all files at once                  exit 2
    |   |-- SnapshotError     a snapshot file that is newer, cut off or edited                 exit 2
    |   |-- ReportError       a report file that is newer, cut off or not a report             exit 2
    |   |-- DocumentError     a vendor document that `schema derive` cannot read               exit 3
    |   `-- MissingExtraError a command whose optional dependency is not installed             exit 2
    |-- UnknownError          the network did not tell what we need: never "compliant"         exit 3
    |   |-- TransportError    no answer: refused, reset, timed out, too large
    |   |-- AnswerError       an answer, or a part of one, that cannot be read
    |   |-- ApiError          an answer that says no, with the vendor's code
    |   |   |-- DeniedError       credentials or permission refused: never retried
    |   |   `-- ThrottledError    over the rate limit
    |   `-- TimeLimitError    the time left does not allow it
    |-- DeliveryError         no sink accepted anything                                        exit 4
    `-- StoreError            the state cannot be read or written
        |-- StoreConflictError  another run wrote it in between
        `-- StoreDamagedError   it is there and is not ours to overwrite

A message names the thing (file:line, JSON path, endpoint without its query) and never holds
a secret, a URL query or a body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType


class PortComplianceError(Exception):
    """The root: a message for people, a hint, and the exit code of the command line."""

    hint: str = ""
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class UsageError(PortComplianceError):
    """A command line, event or file that cannot be understood; known before the first request."""

    hint = "See `port-compliance --help`."
    exit_code = 2


class _ManyProblemsError(UsageError):
    """An error that lists all problems, one per line."""

    def __init__(self, problems: str | Sequence[str], *, hint: str | None = None) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems), hint=hint)


class SettingsError(_ManyProblemsError):
    """Settings, sinks or targets that cannot be used."""

    hint = "Settings are listed in README.md; none was used and no request was made."


class PolicyError(_ManyProblemsError):
    """A policy with problems, each `file:line:column: message`; `of_target` before one that not all targets have."""

    hint = "Check the file with `port-compliance policy validate PATH`."

    def for_target(self, name: str) -> PolicyError:
        """What concerns that target: its own problems, if it has any, and none of another's."""
        own = tuple(problem for problem in self.problems if problem.startswith(of_target(name)))
        return PolicyError(own, hint=self.hint) if own else self


def of_target(name: str) -> str:
    """How a problem begins that is one target's."""
    return f"target {name}: "


class SnapshotError(UsageError):
    """A snapshot file that cannot be trusted."""

    hint = "Record it again with `port-compliance snapshot --output FILE`."


class ReportError(UsageError):
    """A report file that cannot be read."""

    hint = "Write it again with `port-compliance check --format json --output FILE`."


class DocumentError(UsageError):
    """A vendor document that could not be read; names the line."""

    hint = "The page must be RST of OTC's API reference, or text or Markdown of Huawei's help centre."
    exit_code = 3


class MissingExtraError(UsageError):
    """An optional dependency that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra '{extra}', which is not installed",
            hint=f"pip install '.[{extra}]' in a checkout of port-compliance (from its wheel: README, Install)",
        )


class UnknownError(PortComplianceError):
    """We do not know: the verdict cannot be `compliant`."""

    hint = "Nothing is known about what was not seen; run again."


class TransportError(UnknownError):
    """No usable answer came: refused, reset, timed out, redirected or too large."""

    hint = "Check the endpoint, DNS, and that the function may reach the public network (VPC access needs NAT)."

    def __init__(self, message: str, *, hint: str | None = None, sent: bool = True, final: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent  # False only where it is certain that the request never arrived
        self.final = final  # another try can only end the same: an answer too large, a wrong certificate or address


class AnswerError(UnknownError):
    """An answer, or a part of one, that cannot be read; the message holds the JSON path."""

    hint = "Compare with the vendor's newest page: record a snapshot, then `port-compliance schema check`."


class ApiError(UnknownError):
    """An answer that says no, with the vendor's code and request id."""

    hint = "Look the code up in the vendor's error code list; quote the request id to its support."

    def __init__(
        self, message: str, *, status: int, code: str = "", request_id: str = "", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.request_id = request_id


class DeniedError(ApiError):
    """Credentials or permission refused. Never retried: five failures lock an access key."""

    hint = "Check the credentials, the project they belong to, and the permission to read HSS (see docs/deploy.md)."


class ThrottledError(ApiError):
    """Over the rate limit, which is five calls a minute per API, user and source address."""

    hint = "Run less often, or give each target its own credentials."


class TimeLimitError(UnknownError):
    """The time left does not allow another call; the message names the minutes needed."""

    hint = "Raise RUN_BUDGET_SECONDS and the function's timeout, or make the policy smaller."


class DeliveryError(PortComplianceError):
    """Nobody was told: no sink accepted anything."""

    hint = "See the deliveries' reasons in the log, and docs/sinks.md; what is owed is told by the next run."
    exit_code = 4


class StoreError(PortComplianceError):
    """The state cannot be read or written."""

    hint = "Check STATE_URL and its credentials."


class StoreConflictError(StoreError):
    """Another run wrote the state since it was read."""

    hint = "Set the function's maximum instances to 1."


class StoreDamagedError(StoreError):
    """A state document that is damaged or of a newer version; it was set aside, not overwritten."""

    hint = "A run goes on without it, and keeps this document beside the new one."


def raised_at(trace: TracebackType | None) -> str:
    """`decide/fingerprint.py:20`: the innermost line of this program, or of what it called where there is none."""
    place = "an unknown place"
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        inside = file.rpartition("/handler/")
        if inside[1] or place == "an unknown place":
            place = f"{inside[2] if inside[1] else file.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
