"""How an answer goes wrong: every kind of fault is one pure function in one of three tables.

LISTS change the rows before a page is cut, DOCUMENTS the JSON body, TEXTS the bytes and headers. What happens to the
bytes on their way is in `wire`.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

from handler.transport.request import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.simulator.answers import AnswerPage

KILOBYTE = 1024


def _drifting_total(page: AnswerPage, nth: int, value: Any) -> AnswerPage:
    """`total_num` grows by `value` (1) with each call."""
    return page._replace(total=page.total + nth * (value or 1))


def _rows_repeated(page: AnswerPage, nth: int, value: Any) -> AnswerPage:  # noqa: ARG001 - all kinds have one shape
    """Later pages begin `value` (1) rows too early: those rows come twice, the last ones never."""
    return page._replace(offset=max(0, page.offset - (value or 1)) if page.offset else 0)


def _rows_moved(page: AnswerPage, nth: int, value: Any) -> AnswerPage:
    """The list turns by `value` (1) rows with each call, so that a row is missed at the seam of two pages."""
    by = (nth * (value or 1)) % max(1, len(page.rows))
    return page._replace(rows=[*page.rows[by:], *page.rows[:by]])


def _more_rows(page: AnswerPage, nth: int, value: Any) -> AnswerPage:  # noqa: ARG001 - all kinds have one shape
    """There are `value` (1) more rows than `total_num` says."""
    return page._replace(total=max(0, page.total - (value or 1)))


def _fewer_rows(page: AnswerPage, nth: int, value: Any) -> AnswerPage:  # noqa: ARG001 - all kinds have one shape
    """There are `value` (1) fewer rows than `total_num` says."""
    return page._replace(total=page.total + (value or 1))


def _offsets_rounded(page: AnswerPage, nth: int, value: Any) -> AnswerPage:  # noqa: ARG001 - all kinds have one shape
    """A page begins at a multiple of `value` (200), whatever was asked for."""
    return page._replace(offset=page.offset // (value or 200) * (value or 200))


def _offsets_clamped(page: AnswerPage, nth: int, value: Any) -> AnswerPage:  # noqa: ARG001 - all kinds have one shape
    """No page begins behind `value` (0, the first one)."""
    return page._replace(offset=min(page.offset, value or 0))


def _short_pages(page: AnswerPage, nth: int, value: Any) -> AnswerPage:  # noqa: ARG001 - all kinds have one shape
    """A page holds at most `value` (10) rows, whatever was asked for."""
    return page._replace(limit=min(page.limit, value or 10))


def _numbers_as_strings(document: dict[str, Any], value: Any) -> dict[str, Any]:  # noqa: ARG001 - one shape
    """Every number becomes a text."""
    rows = [{key: _text(each) for key, each in row.items()} for row in document.get("data_list") or []]
    texts = {key: _text(each) for key, each in document.items()}
    return {**texts, "data_list": rows} if "data_list" in document else texts


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _first_row(document: dict[str, Any], value: Any) -> dict[str, Any]:
    """The first row gets the keys of `value`; a key of None is taken out."""
    rows = list(document.get("data_list") or [])
    return {**document, "data_list": [_overlaid(rows[0], value), *rows[1:]]} if rows else document


def _overlaid(mapping: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in {**mapping, **changes}.items() if each is not None}


def _truncated(response: Response, value: Any) -> Response:
    """The body ends after `value` bytes (half of it), with a matching Content-Length."""
    return response._replace(body=response.body[: value or len(response.body) // 2])


def _duplicate_keys(response: Response, value: Any) -> Response:  # noqa: ARG001 - one shape
    """`total_num` stands there a second time, as 0."""
    return response._replace(body=response.body.rstrip().removesuffix(b"}") + b', "total_num": 0, "data_list": []}')


def _html(response: Response, value: Any) -> Response:
    page = str(value or "<!doctype html><title>Please sign in</title>")
    return Response(200, {**response.headers, "content-type": "text/html"}, page.encode())


def _wrong_charset(response: Response, value: Any) -> Response:
    """The body is encoded as `value` (utf-16), the header still says UTF-8."""
    return response._replace(body=response.body.decode().encode(value or "utf-16"))


def _gzip_bomb(response: Response, value: Any) -> Response:
    """A small body that unpacks to `value` MB (100) of spaces."""
    bomb = gzip.compress(b" " * KILOBYTE * KILOBYTE, mtime=0) * int(value or 100)  # members follow one another
    return Response(200, {**response.headers, "content-encoding": "gzip"}, bomb)


def _huge(response: Response, value: Any) -> Response:
    """A valid body behind `value` MB (64) of spaces."""
    return response._replace(body=b" " * (KILOBYTE * KILOBYTE * int(value or 64)) + response.body)


def _redirect(response: Response, value: Any) -> Response:
    return Response(302, {**response.headers, "location": str(value or "http://127.0.0.1:9/")}, b"")


def _headers(response: Response, value: Any) -> Response:
    """The headers of `value` are added."""
    return response._replace(headers={**response.headers, **value})


LISTS: Mapping[str, Callable[[AnswerPage, int, Any], AnswerPage]] = {
    "drifting_total": _drifting_total,
    "rows_repeated": _rows_repeated,
    "rows_moved": _rows_moved,
    "more_rows": _more_rows,
    "fewer_rows": _fewer_rows,
    "offsets_rounded": _offsets_rounded,
    "offsets_clamped": _offsets_clamped,
    "short_pages": _short_pages,
}
DOCUMENTS: Mapping[str, Callable[[dict[str, Any], Any], object]] = {
    "empty_object": lambda _document, _value: {},
    "data_list_null": lambda document, _value: {**document, "data_list": None},
    "list": lambda document, _value: [document],
    "numbers_as_strings": _numbers_as_strings,
    "nan": lambda document, _value: {**document, "total_num": float("nan")},
    "first_row": _first_row,
    "set": _overlaid,
}
TEXTS: Mapping[str, Callable[[Response, Any], Response]] = {
    "empty": lambda response, _value: response._replace(body=b""),
    "html": _html,
    "truncated": _truncated,
    "duplicate_keys": _duplicate_keys,
    "wrong_charset": _wrong_charset,
    "gzip_bomb": _gzip_bomb,
    "huge": _huge,
    "redirect": _redirect,
    "headers": _headers,
}
