"""Reads RST of the API reference through docutils: grid and simple tables, captions, references."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import roles

from handler.derive.outline import Outline
from handler.derive.page import Column, Gap, Line, Page, Row, Table, clean, columns_of
from handler.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from docutils.parsers.rst.states import Inliner

_TEXTS = (nodes.paragraph, nodes.term, nodes.literal_block, nodes.line, nodes.field_name, nodes.title)
_SETTINGS: dict[str, Any] = {
    "report_level": 5,  # nothing is printed; what went wrong is read from the tree
    "halt_level": 6,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "line_length_limit": 1_000_000,
    "syntax_highlight": "none",
}
_MOST_COLUMNS = 64  # docutils needs minutes for a border of thousands
_HERE = "label:"
_SPHINX = re.compile(
    r"Unknown (interpreted text role|directive type)|No (role|directive) entry for|Undefined substitution"
)


def read_rst(text: str) -> Page:
    """The page in OTC's RST form."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count("+") > _MOST_COLUMNS and not line.strip("+-= \t"):
            raise DocumentError(f"line {number}: a table of more than {_MOST_COLUMNS} columns")
    roles.register_local_role("ref", _reference)
    try:
        tree = publish_doctree(text, settings_overrides=_SETTINGS)
    except Exception as error:  # docutils gives up on some damaged texts with whatever it stumbled on
        raise DocumentError(f"line 1: docutils cannot read this RST ({type(error).__name__})") from error
    outline, tables, gaps = Outline(), [], []
    for node in _outer(tree):
        if isinstance(node, nodes.table):
            table, more = _table(node, outline)
            tables += [table] if table else []
            gaps += more
        elif isinstance(node, nodes.system_message):
            gaps += _complaint(node)
        else:
            outline.see(node.astext(), _line(node))
    outline.drop_caption()
    gaps += outline.gaps
    return Page("otc", outline.title, outline.revision, outline.method, outline.path, tuple(tables), tuple(gaps))


def _reference(
    _role: str,
    _raw: str,
    text: str,
    _line: int,
    _inliner: Inliner,
    _options: Mapping[str, Any] | None = None,
    _content: Sequence[str] | None = None,
) -> tuple[list[nodes.reference], list[nodes.reference]]:
    """The role `ref`, which belongs to Sphinx: the words, and the label they point to."""
    found = re.fullmatch(r"(.*?)\s*<([^<>]+)>", text, re.DOTALL)
    shown, target = (found[1], found[2]) if found else (text, text)
    return [nodes.reference(shown, shown, refuri=_HERE + target.lower())], []


def _outer(tree: nodes.document) -> Iterator[nodes.Element]:
    """Tables, complaints and texts in reading order; nothing from inside a table."""
    wanted = (nodes.table, nodes.system_message, nodes.paragraph, nodes.title)
    around = (nodes.table, nodes.system_message, nodes.field)
    for node in tree.findall():
        if isinstance(node, wanted) and not _inside(node, around):
            yield cast("nodes.Element", node)


def _inside(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def _complaint(node: nodes.system_message) -> list[Gap]:
    """What docutils could not parse; roles and directives of Sphinx are no loss."""
    first = node.astext().split("\n")[0]
    if node.get("level", 0) < 3 or _SPHINX.search(first):
        return []
    return [Gap(int(node.get("line", 0)), "not well-formed RST here, what it holds was not read")]


def _table(node: nodes.table, outline: Outline) -> tuple[Table | None, list[Gap]]:
    title = next(iter(node.findall(nodes.title)), None)
    if title is not None:
        outline.see(title.astext(), _line(title))
    rows = [list(row.findall(nodes.entry)) for row in node.findall(nodes.row)]
    line = _line(node)
    columns, gaps = columns_of([entry.astext() for entry in rows[0]] if rows else [], line)
    if not columns:
        outline.drop_caption()
        return None, []
    number, caption = outline.take_caption()
    if title is not None and number is None:
        caption = clean(title.astext())
    made = [_row(row, columns, line) for row in rows[1:]]
    gaps += [gap for message in node.findall(nodes.system_message) for gap in _complaint(message)]
    gaps += [
        Gap(row.line, "a row without a name, or with another number of cells") for row in made if not row.text("name")
    ]
    kept = tuple(row for row in made if row.text("name"))
    return Table(number, caption, line, columns, kept, outline.section, outline.status, _label(node)), gaps


def _label(node: nodes.table) -> str:
    """The name by which references point to this table."""
    return str(next(iter(node["names"]), "")).lower()


def _row(entries: list[nodes.entry], columns: tuple[Column, ...], fallback: int) -> Row:
    fits = len(entries) == len(columns)
    cells: dict[Column, tuple[Line, ...]] = (
        {kind: tuple(_lines(entry, fallback)) for kind, entry in zip(columns, entries, strict=True)} if fits else {}
    )
    line = min((line.number for cell in cells.values() for line in cell), default=fallback)
    row = Row(line, cells)
    return Row(line, {**cells, "label": (Line(line, _target(entries, columns)),)}) if fits else row


def _target(entries: list[nodes.entry], columns: tuple[Column, ...]) -> str:
    """The label that the type cell points to, if any."""
    place = columns.index("type") if "type" in columns else 0
    uris = (str(node.get("refuri", "")) for node in entries[place].findall(nodes.reference))
    return next((uri.removeprefix(_HERE) for uri in uris if uri.startswith(_HERE)), "")


def _lines(entry: nodes.entry, fallback: int) -> Iterator[Line]:
    for node in entry.findall(lambda part: isinstance(part, _TEXTS) or _is_empty_item(part)):
        if isinstance(node, nodes.list_item):
            yield Line(_line(node, fallback), "", bullet=True, depth=_depth(node, entry) + 1)
            continue
        if _inside(node, (nodes.system_message,)):  # what docutils remarks on the text is none of it
            continue
        depth = _depth(node, entry)
        first = _line(node, fallback)
        text = node.astext()
        pieces = [" ".join(text.split())] if depth else text.split("\n")
        yield from (Line(first, clean(piece), depth > 0, depth) for piece in _rejoined(pieces) if piece.strip())


def _is_empty_item(node: nodes.Node) -> bool:
    """A bullet without a word behind it: what stood there is lost."""
    return isinstance(node, nodes.list_item) and not node.astext().strip()


def _rejoined(pieces: list[str]) -> list[str]:
    """Wrapped lines of one paragraph are one; a line that begins like a bound of its own stays apart."""
    joined: list[str] = []
    for piece in pieces:
        begins = re.match(r"\s*(Minimum|Maximum|Default|Array Length|Range|Options?)\b", piece)
        if joined and not begins:
            joined[-1] += " " + piece
        else:
            joined.append(piece)
    return joined


def _depth(node: nodes.Node, entry: nodes.entry) -> int:
    """Inside of how many bullets a text stands."""
    depth, parent = 0, node.parent
    while parent is not None and parent is not entry:
        depth += isinstance(parent, nodes.list_item)
        parent = parent.parent
    return depth


def _line(node: nodes.Node, fallback: int = 0) -> int:
    """The node's line, or that of the nearest node around it that has one."""
    here: nodes.Node | None = node
    while here is not None:
        if here.line:
            return int(here.line)
        here = here.parent
    return fallback
