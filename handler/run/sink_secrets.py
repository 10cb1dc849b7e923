"""What is sent to a sink as a secret: what must not come back out of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from handler.run.redaction import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handler.sinks.sink import Sink


def secrets_of(sink: Sink) -> Iterator[str]:
    """What is sent to a sink and should be known to it only: the path of its URLs, its keys, its own headers.

    Where the path is all the secret that there is, so is each part of it that may be a token.
    """
    for url in filter(None, (sink.url, sink.fail_url)):
        parts = urlsplit(url.reveal())
        yield from (text for text in (parts.path, parts.query) if len(text) >= PIECE)
        yield from _tokens(parts.path) if sink.kind.once_a_run else ()
    known = (sink.secret, sink.routing_key, *sink.headers.values())
    for secret in filter(None, known):
        yield from _words(secret.reveal())


def _tokens(path: str) -> Iterator[str]:
    """The parts of a path that are no plain words."""
    return (text for text in path.split("/") if not (text.isalpha() and text.islower()))


def _words(text: str) -> Iterator[str]:
    """The words of a secret that are long enough to be one, or that are all of it."""
    return (word for word in text.split() if len(word) >= PIECE or text == word)
