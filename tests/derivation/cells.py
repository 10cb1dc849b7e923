"""What a description cell says, as lines that a page can show, and the keywords that it comes to."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

GAP = {"only": "a gap is right"}  # what the page says cannot be an enumeration or a bound of ours
WORDS = [
    "host",
    "container",
    "danger",
    "unknow",
    "TCP6",
    "asc",
    "en-us",
    "not_online",
    "v1.2",
    "HTTPS",
    "hss.version.null",
    "12h",
]
MEANINGS = ["a server", "like the sea, but calm", "Used for tests. Rarely seen", "the default enterprise project"]
INTROS = [
    "Some text.",
    "Port number",
    "ID of a gadget, which somebody gave it",
    "How it is sorted.",
    "Whether to do it or not.",
]
NOTES = [
    "This parameter is mandatory when the rule is in standard mode.",
    "You need to set this parameter only after the function is enabled.",
    "For details, see Obtaining a Project ID.",
    "It can be obtained by calling another API.",
    "Only letters are allowed.",
    "Unit: Mbit/s",
]
FOLLOW = [
    "The options are as follows:", "Options:", "Its value can be:", "The value can be one of the following:", "Enumeration values:",
    "Enumerated values:", "Possible values are as follows:", "The values are as follows:", "Value range:", "It can be:",
    "Its values and their meaning are as follows:", "The following values are supported:", "The value must be one of the following:",
]  # fmt: skip
BEFORE = [
    "The value can be ",
    "Options: ",
    "It can be ",
    "Enumerated values: ",
    "Possible values are ",
    "Value range: ",
    "The options are ",
]


class Text(NamedTuple):
    """A line of a cell: a paragraph, or a bullet at a depth from 1."""

    text: str
    depth: int = 0


class Cell(NamedTuple):
    """The lines, what they say of a value of that type, and whether all of it is worded as pages should."""

    lines: tuple[Text, ...]
    says: dict[str, Any]
    is_clean: bool = True


def written(number: int, rng: random.Random) -> str:
    return f"{number:,}" if rng.random() < 0.3 else str(number)


def joined(words: list[str], rng: random.Random) -> str:
    last = rng.choice([" or ", ", or ", " and ", ", and ", ", "])
    return ", ".join(words[:-1]) + last + words[-1]


def bullets(words: list[str], rng: random.Random, depth: int = 1) -> list[Text]:
    style = rng.choice(["plain", "meaning", "some"])
    made = []
    for word in words:
        has_meaning = style == "meaning" or (style == "some" and rng.random() < 0.5)
        made.append(Text(f"{word}: {rng.choice(MEANINGS)}" if has_meaning else word, depth))
    return made


def picked(rng: random.Random, kind: str) -> list[Any]:
    if kind == "integer":
        return sorted(rng.sample([-1, 0, 1, 2, 5, 100, 1024, 8192, 10240, 65536], rng.randint(2, 4)))
    return rng.sample(WORDS, rng.randint(2, 4))


def as_words(values: list[Any], rng: random.Random) -> list[str]:
    return [written(value, rng) if isinstance(value, int) and abs(value) > 999 else str(value) for value in values]


# what stands below `Range`, or after the first sentence: lines and the keywords they come to


def bounds(rng: random.Random, kind: str) -> tuple[list[Text], dict[str, Any]]:
    least, most = sorted(rng.sample([0, 1, 2, 10, 64, 256, 1000, 32768, 2147483647], 2))
    least = -1 if kind == "integer" and rng.random() < 0.1 else least
    low, high = written(least, rng), written(most, rng)
    if kind == "string":
        sentence = rng.choice([f"The value can contain {low} to {high} characters.", f"The length ranges from {low} to {high} characters",
                               f"{low}-{high} characters", f"Length: {low} to {high} characters"])  # fmt: skip
        names = "minLength", "maxLength"
    else:
        sentence = rng.choice([f"The value range is {low} to {high}.", f"The value ranges from {low} to {high}.", f"Value range: {low}-{high}",
                               f"Minimum value: {low}. Maximum value: {high}."])  # fmt: skip
        names = "minimum", "maximum"
    plain = [Text(f"Minimum: {low}"), Text(f"Maximum: {high}")]
    lines = plain if rng.random() < 0.4 else [Text(sentence)]
    return lines, dict(zip(names, (least, most), strict=True))


def enumeration(rng: random.Random, kind: str, *, below_range: bool) -> tuple[list[Text], dict[str, Any]]:
    values = picked(rng, kind)
    words = as_words(values, rng)
    if rng.random() < 0.4:
        return [Text(rng.choice(BEFORE) + joined(words, rng) + ".")], {"enum": values}
    lead = [] if below_range and rng.random() < 0.7 else [Text(rng.choice(FOLLOW))]
    return [*lead, *bullets(words, rng)], {"enum": values}


def statement(rng: random.Random, kind: str, *, below_range: bool) -> tuple[list[Text], dict[str, Any]]:
    if kind not in ("string", "integer") or rng.random() < 0.2:
        return [], {}
    return bounds(rng, kind) if rng.random() < 0.5 else enumeration(rng, kind, below_range=below_range)


def default(rng: random.Random, kind: str, says: dict[str, Any]) -> Any:
    if rng.random() < 0.6 or kind not in ("string", "integer", "boolean"):
        return None
    if "enum" in says:
        return rng.choice(says["enum"])
    if kind == "boolean":
        return rng.choice([True, False])
    return (
        says.get("minimum", 7)
        if kind == "integer"
        else "x" * max(1, says.get("minLength", 1))
        if says.get("minLength", 1) < 99
        else None
    )


def shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def clean(rng: random.Random, kind: str) -> Cell:
    """A cell that says everything in words that are known."""
    style = rng.choice(["none", "lines", "colon", "bullets"])
    lines, says = statement(rng, kind, below_range=style != "none")
    value = default(rng, kind, says)
    says = {**says, **({} if value is None else {"default": value})}
    intro = rng.choice(INTROS)
    if style == "none":
        note = [Text(rng.choice(NOTES))] if rng.random() < 0.3 else []
        after = (
            [Text(rng.choice([f"Default: {shown(value)}", f"The default value is {shown(value)}."]))]
            if value is not None
            else []
        )
        return Cell((Text(intro), *note, *lines, *after), says)
    parts = {"Definition": [Text(intro)], "Constraints": [Text(rng.choice(["N/A", *NOTES[:2]]))], "Range": lines or [Text("N/A")],
             "Default Value": [Text("N/A" if value is None else shown(value) + rng.choice(["", ": usual", ", which is usual"]))]}  # fmt: skip
    return Cell(tuple(headed(parts, style)), says)


def headed(parts: dict[str, list[Text]], style: str) -> list[Text]:
    made = []
    for name, lines in parts.items():
        if style == "lines":
            made += [Text(name), *lines]
        elif style == "colon":
            first = [] if lines[0].depth else lines[:1]
            made += [Text(f"{name}: {first[0].text}" if first else f"{name}:"), *lines[len(first) :]]
        else:
            first = [] if lines[0].depth else lines[:1]
            made += [Text(f"{name}: {first[0].text}" if first else f"{name}:", 1)]
            made += [Text(line.text, line.depth + 2 if line.depth else 2) for line in lines[len(first) :]]
    return made


# broken pieces, contradictions, and what only looks like values


def _two(rng: random.Random) -> list[str]:
    return rng.sample(WORDS, 2)


def _conditional(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    one, two = _two(rng), rng.sample(WORDS, 3)
    head = rng.choice(["If the kind is ip, ", "When the kind is ip, ", "For TCP, ", "Unless it is set, "])
    if rng.random() < 0.5:
        return [
            Text(f"{head}the value can be {joined(one, rng)}. Otherwise, the value can be {joined(two, rng)}.")
        ], GAP
    return [
        Text(f"{head}the options are as follows:"),
        *bullets(one, rng),
        Text("If not, the options are as follows:"),
        *bullets(two, rng),
    ], GAP


def _broken_bullet(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    broken = rng.choice(["installed The statuses include the following:", "not_ installed", "host, container", "TCP/UDP", "Unit: GB",
                         "others: reserved", "1 - 100", "from 1 to 5", "a:b", "Note: read this", "-"])  # fmt: skip
    made = bullets(_two(rng), rng)
    made.insert(rng.randint(0, 2), Text(broken, 1))
    return [Text(rng.choice(FOLLOW)), *made], GAP


def _two_lists(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    one, two = rng.sample(WORDS[:6], 2), rng.sample(WORDS[6:], 2)
    lead = rng.choice(["Common ones:", "The options are as follows:", "Advanced:", "Or:"])
    return [Text("The options are as follows:"), *bullets(one, rng), Text(lead), *bullets(two, rng)], GAP


def _open(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    words = joined(_two(rng), rng)
    return [Text(rng.choice([f"The value can be {words}, and so on.", f"Options include {words}.", f"For example, {words}.",
                             f"Currently, the value can be {words}.", f"The value can be {words}, etc."]))], GAP  # fmt: skip


def _lost(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    return [Text(rng.choice(FOLLOW))], GAP


def _unannounced(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    words = rng.sample(WORDS, 3)
    lead = [Text(rng.choice(["Kinds:", "These are used:", "Status of it", "Including:"]))] if rng.random() < 0.5 else []
    return [*lead, *bullets(words, rng)], {"enum": words}


def _beyond(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    words = joined(_two(rng), rng)
    return [Text(f"The value can be {words}."), Text("The value can contain 1 to 64 characters.")], GAP


def _foreign_default(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    return [Text("Options: warm, cold"), Text(rng.choice(["Default: hot", "The default value is hot."]))], GAP


def _no_values(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    return [Text(rng.choice(["Range: letters, digits, and hyphens", "IP address: IPv4 or IPv6.", "Source: a user or a system", "Unit: GB or TB",
                             "Rules: It must be asked for, and paid.", "Example: red or blue"]))], {}  # fmt: skip


def _prose_list(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    items = [
        "It must be asked for.",
        "Unit: Mbit/s. Divide a value in Gbit/s by 1,000.",
        "The value must start with a letter.",
    ]
    return [
        Text(rng.choice(["Rules:", "Notes:", "Requirements"])),
        *(Text(item, 1) for item in rng.sample(items, 2)),
    ], {}


def _heading_bullets(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    most = rng.choice([64, 255, 1024])
    return [Text("Definition: Free text.", 1), Text(f"Range: The value can contain 0 to {written(most, rng)} characters.", 1)], {
        "minLength": 0, "maxLength": most}  # fmt: skip


def _doubtful_numbers(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    return [Text(rng.choice(["Options: 100,200", "Options: 1,2, 3", "Maximum: 10 000", "Maximum: 2^16", "The value range is 0 to 2^31-1.",
                             "Value range: 1-5, 10-20", "The value ranges from 1 to 5 or from 10 to 20.", "[1,000,100,000]", "[0,10)",
                             "The value ranges from 1 Mbit/s to 1000 Mbit/s.", "Minimum: 9 Maximum: 1", "Options: 1-5, 10", "Range: 0 and 5-9",
                             "The value must be less than 10.", "Minimum: 1,00", "The options are 007 and 008."]))], GAP  # fmt: skip


def _special(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    low, high = rng.choice([(-1, 1000), (0, 64), (1, 100)])
    special = rng.choice([-1, 0, 5])
    says = {"minimum": low, "maximum": high} if low <= special <= high else GAP
    after = rng.choice(
        [
            [Text(f"{special}: no limit.", 1)],
            [Text(f"The value {special} indicates no limit.")],
            [Text(f"{special} means unlimited.")],
        ]
    )
    return [Text(f"The value ranges from {low} to {written(high, rng)}."), *after], says


def _fewer(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    return [Text("Minimum: 0"), Text(f"Maximum: {rng.choice([5, 100])}"), Text("Enumerated values: 0, 1")], GAP


def _noise(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    """Sentences with numbers and words that bound nothing."""
    return [Text(rng.choice([
        "RFC 1918 applies.", "It takes 5 minutes.", "HTTP/2 is used, and TLS 1.3.", "Servers and containers are counted together.",
        "The data is encrypted or not, as you like.", "Version 2.0 (2024-01-31) changed it.", "See Table 5 for more.",
        "Users can be added and removed at any time.", "The range of ports, and their number, is counted.", "Either way is fine.", "The value can be a UUID or 0.",
    ]))], {}  # fmt: skip


def _two_bounds(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    return [Text(text) for text in rng.choice([
        ["Minimum: 1", "Minimum: 2"], ["Maximum: 5", "The value ranges from 0 to 7."], ["The value ranges from 1 to 5.", "The value ranges from 1 to 6."],
        ["Default: 5", "The default value is 6."], ["Minimum: 5", "Maximum: 9", "Default: 1"], ["Value range: 9-1"],
        ["Minimum: 1", "Maximum: 9", "The value -1 indicates all of them."], ["If the kind is ip, the value ranges from 1 to 5."],
        ["The value ranges from 1 to 5 if the kind is ip."], ["Options: 1, 2", "The value 0 indicates none."],
    ])], GAP  # fmt: skip


def _contradicted(rng: random.Random) -> tuple[list[Text], dict[str, Any]]:
    return [Text(text) for text in rng.choice([
        ["Options: warm, cold", "The value hot indicates that it burns."], ["Options: warm, cold", "Minimum: 1", "Maximum: 3"],
        ["Options: warm, cold", "For example, set it to hot or mild."], ["Options: warm", "Default: warm"], ["The value is fixed to warm."],
        ["Options: warm, cold", "Range", "warm, hot"], ["Range", "warm, cold", "Definition", "It can be hot or cold."],
        ["Options: warm/cold"], ["Status. warm, cold, or hot"], ["The value can be warm or empty."],
    ])], GAP  # fmt: skip


TEXT_BREAKS: list[Callable[[random.Random], tuple[list[Text], dict[str, Any]]]] = [
    _conditional, _broken_bullet, _two_lists, _open, _lost, _unannounced, _beyond, _foreign_default, _no_values, _prose_list, _heading_bullets,
    _noise, _contradicted,
]  # fmt: skip
NUMBER_BREAKS = [
    _conditional,
    _broken_bullet,
    _doubtful_numbers,
    _special,
    _fewer,
    _lost,
    _prose_list,
    _noise,
    _two_bounds,
]


def broken(rng: random.Random, kind: str) -> Cell:
    """A cell with a piece that is broken, contradicts itself, or only looks like values."""
    lines, says = rng.choice(NUMBER_BREAKS if kind == "integer" else TEXT_BREAKS)(rng)
    intro = [] if says.get("maxLength") else [Text(rng.choice(INTROS))]
    return Cell((*intro, *lines), says, is_clean=False)
