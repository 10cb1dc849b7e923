"""The shape of a policy file, version 1. Its JSON Schema is what `policy schema` prints.

These models see one file and no more than its shape. What needs more than that (reversed ranges, repeated ids,
unknown services, impossible dates) is judged in `build`, with codes of its own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from handler.policy.host_patterns import host_pattern
from handler.policy.port_entries import RANGE, SERVICE, entry_mistake
from handler.policy.rules import ROW_KEYS
from handler.policy.yaml_positions import PlainDate

SeverityWord = Literal["info", "low", "medium", "high", "critical"]
CategoryWord = Literal["host", "container"]
ProtocolWord = Literal["tcp", "udp"]
ListeningWord = Literal["any", "beyond-loopback"]
StatusWord = Literal["danger", "normal", "unknown"]
RequiredWord = Literal["rules", "ports", "enterprise_projects", "up_to", "ticket", "approved_by"]
CounterWord = Literal[
    "account_num", "port_num", "process_num", "app_num", "auto_launch_num", "web_framework_num",
    "web_site_num", "jar_package_num", "kernel_module_num", "web_service_num", "web_app_num", "database_num",
]  # fmt: skip


def _no_day(value: Any) -> Any:
    if isinstance(value, PlainDate):
        raise PydanticCustomError("day_as_text", "is read as a date")
    return value


def _port(value: Any) -> int | str:
    mistake = entry_mistake(value)
    if mistake:
        raise PydanticCustomError("port_entry", "{mistake}", {"mistake": mistake})
    entry: int | str = value
    return entry


def _host(value: str) -> str:
    try:
        host_pattern(value)
    except ValueError as error:
        raise PydanticCustomError("host_pattern", "{mistake}", {"mistake": f"{value[:60]!r} {error}"}) from None
    return value


_NO_DAY = BeforeValidator(_no_day)
_Text = Annotated[str, _NO_DAY]
_Line = Annotated[str, Field(min_length=1, pattern=r"\S"), _NO_DAY]
_Id = Annotated[str, Field(pattern=r"^[a-z0-9-]+$", examples=["telnet", "only-web"]), _NO_DAY]
_Url = Annotated[str, Field(pattern=r"^https?://\S+$", examples=["https://www.rfc-editor.org/rfc/rfc854"]), _NO_DAY]
_Day = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2027-03-31"], json_schema_extra={"format": "date"}),
]
Count = Annotated[int, Field(ge=0)]
_PortEntry = Annotated[
    Any,
    PlainValidator(_port),
    WithJsonSchema(
        {
            "description": "A number, a range or an IANA service name.",
            "examples": [23, "135-139", "ms-wbt-server"],
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {"type": "string", "pattern": RANGE},
                {"type": "string", "pattern": SERVICE},
            ],
        }
    ),
]
_Ports = Annotated[list[_PortEntry], Field(min_length=1)]
_Hosts = Annotated[
    list[Annotated[str, Field(min_length=1, examples=["win-*", "10.2.0.0/16"]), _NO_DAY, AfterValidator(_host)]],
    Field(min_length=1),
]
_Categories = Annotated[list[CategoryWord], Field(min_length=1)]
_Protocols = Annotated[list[ProtocolWord], Field(min_length=1)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DefaultsDocument(_Shape):
    """What the rules of this file say where they say nothing themselves."""

    severity: SeverityWord = Field(default="high", description="Default severity; without it `high`.")
    categories: _Categories = Field(
        default=["host"], description="Default categories; without it `[host]`. Containers need their own HSS edition."
    )


class ExpectRowsDocument(_Shape):
    """How many rows a category has at least; with fewer the verdict is inconclusive."""

    host: Count | None = Field(default=None, description="So many rows of servers at least; without it 0.")
    container: Count | None = Field(default=None, description="So many rows of containers at least; without it 0.")


_KINDS = ("ports", "allowed_ports", "statistic")
_ONE_KIND: dict[str, Any] = {
    "oneOf": [
        {"required": ["ports"]},
        {"required": ["allowed_ports"]},
        {"required": ["statistic"], "not": {"anyOf": [{"required": [key]} for key in ROW_KEYS]}},
        {"required": ["status"], "not": {"anyOf": [{"required": [kind]} for kind in _KINDS]}},
    ]
}


class RuleDocument(_Shape):
    """One statement of what may not be open: exactly one of ports, allowed_ports, statistic, or status alone."""

    model_config = ConfigDict(json_schema_extra=_ONE_KIND)

    id: _Id = Field(description="Its name in reports and elsewhere; unique over all files of the policy.")
    title: _Line | None = Field(default=None, description="What a finding is called; without it the id.")
    ports: _Ports | None = Field(
        default=None, description="Ports that may not be open: numbers, ranges as 135-139, IANA service names."
    )
    allowed_ports: list[_PortEntry] | None = Field(
        default=None, description="The other way round: every port that is not listed is a finding."
    )
    statistic: CounterWord | None = Field(
        default=None, description="An asset counter that is compared with `above`, instead of ports."
    )
    protocols: _Protocols | None = Field(
        default=None, description="tcp covers TCP and TCP6, udp covers UDP and UDP6; without it both."
    )
    severity: SeverityWord | None = Field(
        default=None, description="How bad a finding is; without it as `defaults` say, else high."
    )
    categories: _Categories | None = Field(
        default=None, description="Servers, containers or both; without it as `defaults` say, else [host]."
    )
    above: Count = Field(
        default=0, description="Tolerated num (usually servers): a finding when num is above it; without it 0."
    )
    status: Annotated[list[StatusWord], Field(min_length=1)] | None = Field(
        default=None,
        description="Only rows that HSS itself marks so; without it any. Open Telekom Cloud sends no status.",
    )
    hosts: _Hosts | None = Field(
        default=None,
        description="Only these servers: names (globs), ids, addresses, networks; a leading ! takes away. Without it "
        "every one. Open Telekom Cloud does not tell servers.",
    )
    listening: ListeningWord | None = Field(
        default=None,
        description="beyond-loopback: a listener on 127.0.0.0/8 or ::1 alone does not count; without it any.",
    )
    rationale: _Line | None = Field(default=None, description="Why this is dangerous; shown with each finding.")
    remediation: _Line | None = Field(default=None, description="What to do about a finding; shown with each.")
    references: list[_Url] = Field(default=[], description="Addresses of pages that say more.")
    tags: list[_Line] = Field(default=[], description="Words for routing findings to sinks.")
    owner: _Line | None = Field(default=None, description="Whom to ask about a finding.")
    runbook: _Url | None = Field(default=None, description="The page where the steps against a finding are.")
    effective_from: _Day | None = Field(
        default=None,
        description="Before that day (UTC) its findings are announced and break nothing; without it they count.",
    )


class ExemptionDocument(_Shape):
    """Rules switched off for some ports or places, with a reason, an owner and a last day."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["rules"]}, {"required": ["ports"]}]})

    id: _Id = Field(description="Its name in reports and elsewhere; unique over all files of the policy.")
    rules: Annotated[list[_Id], Field(min_length=1)] | None = Field(
        default=None, description="Ids of the rules it switches off; without it every rule."
    )
    ports: _Ports | None = Field(default=None, description="Only these ports; without it every port of its rules.")
    categories: _Categories | None = Field(default=None, description="Only these; without it servers and containers.")
    enterprise_projects: Annotated[list[_Line], Field(min_length=1)] | None = Field(
        default=None,
        description="Only for a target that asks for exactly one of these ids, in quotes; without it for all.",
    )
    up_to: Count | None = Field(
        default=None,
        description="So many are tolerated, more is a finding; with hosts: of these. Without it any number.",
    )
    hosts: _Hosts | None = Field(
        default=None,
        description="Only these servers, by id, network or name; others always stand. Without it every server.",
    )
    protocols: _Protocols | None = Field(
        default=None, description="tcp covers TCP and TCP6, udp covers UDP and UDP6; without it both."
    )
    reason: _Line = Field(description="Why it is tolerated, for whoever reads a report.")
    owner: _Line = Field(description="Who answers for it, and is asked before it ends.")
    ticket: _Line | None = Field(default=None, description="Where it was decided: a number or an address.")
    approved_by: _Line | None = Field(default=None, description="Who allowed it; better not its owner.")
    expires: _Day = Field(description="The last day on which it holds, UTC; fourteen days before it is warned of.")


class LimitsDocument(_Shape):
    """What reviewers hold exemptions to. One that breaks a limit is an error of `policy validate`, and off in a run."""

    exemption_days: Count | None = Field(
        default=None, description="At most so many days from today to `expires`; without it any number."
    )
    require: Annotated[list[RequiredWord], Field(min_length=1)] | None = Field(
        default=None, description="Keys that every exemption must have, beside those that it has anyway."
    )


class PolicyDocument(_Shape):
    """A policy of disallowed ports, checked against what Host Security Service sees."""

    model_config = ConfigDict(
        title="port-compliance policy, version 1",
        json_schema_extra={"examples": [{"version": 1, "disallowed_ports": [21, 23, "135-139", 445, 3389]}]},
    )

    version: Literal[1] = Field(description="The version of this format; there is no other than 1.")
    name: _Line | None = Field(default=None, description="The policy's name in reports; without it the file's name.")
    description: _Text = Field(default="", description="What the policy is for; told to its readers only.")
    defaults: DefaultsDocument = Field(
        default=DefaultsDocument(), description="Severity and categories of the rules of this file that name none."
    )
    expect_rows: ExpectRowsDocument = Field(
        default=ExpectRowsDocument(),
        description="Rows that a category has at least; fewer are inconclusive, for an agent may be gone.",
    )
    limits: LimitsDocument = Field(
        default=LimitsDocument(),
        description="What every exemption is held to; one beyond it is an error, and off in a run.",
    )
    disallowed_ports: _Ports | None = Field(
        default=None, description="The short form: one rule with the id `disallowed-ports` for these ports."
    )
    rules: list[RuleDocument] = Field(
        default=[], description="What may not be open; each rule makes findings of its own."
    )
    exemptions: list[ExemptionDocument] = Field(
        default=[], description="What is tolerated until a day; it stays visible in each report."
    )


def policy_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a policy file."""
    schema = _without_null(PolicyDocument.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _without_null(schema: Any) -> Any:
    """The same schema where an absent value is left out, never written as null."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _without_null(value) for key, value in schema.items() if (key, value) != ("default", None)}
    either = kept.get("anyOf", [])
    if len(either) == 2 and _NULL in either:
        del kept["anyOf"]
        return {**either[either[0] == _NULL], **kept}
    return kept


_NULL = {"type": "null"}
