"""How files and texts are told to what reads SARIF: code scanning wants addresses relative to the repository."""

from __future__ import annotations

import re
from urllib.parse import quote

from handler.formats.inert import inert


def artifact_uri(name: str) -> str:
    """A file's name as a URI reference: relative as it is, absolute under `file:`; an address stays one."""
    harmless = inert(name).replace("\\", "/")
    if "://" in harmless:
        return quote(harmless, safe=":/")
    path = quote(harmless, safe="/")
    return f"file://{path}" if path.startswith("/") else path.removeprefix("./")


def message_string(text: str) -> dict[str, str]:
    """A message of SARIF that means just this text: a brace would begin a placeholder, `[text](address)` is a link."""
    plain = text.replace("{", "{{").replace("}", "}}")
    return {"text": re.sub(r"[\\\[\]]", r"\\\g<0>", plain) if "](" in plain else plain}
