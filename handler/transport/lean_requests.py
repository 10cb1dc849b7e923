"""Imports `requests` without the optional libraries that it would import, and that nothing here asks anything.

They guess the encoding of a text and read JSON by its `Response`; answers are read by this package alone. `requests`
imports each one that it finds, so a runtime that brings its own makes every cold start longer: FunctionGraph's have
chardet 3.0.4 (Open Telekom Cloud, Python development guide, "Bundled libraries", 2026) beside the one of our lock.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

_OPTIONAL = ("chardet", "charset_normalizer", "simplejson")  # requests does without since 2.32, and warns of it
_ITS_WARNING = "Unable to find acceptable character detection"


def import_requests() -> None:
    """Import it, if nobody has. One that cannot do without these libraries is left to whoever imports it next."""
    if "requests" in sys.modules:
        return
    warnings.filterwarnings("ignore", _ITS_WARNING)
    modules = cast("dict[str, ModuleType | None]", sys.modules)
    hidden = [name for name in _OPTIONAL if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None there is how Python says that a module cannot be imported
    try:
        with suppress(ImportError):
            import_module("requests")
    finally:
        for name in hidden:
            modules.pop(name, None)
