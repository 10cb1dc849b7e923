"""Good documents with a little damage, for property tests of whatever judges them."""

from __future__ import annotations

import copy


def places(value, path=()):
    """Every place inside of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def damaged(document, damages):
    """A copy with a value replaced, taken away or put beside another, once for each damage."""
    document = copy.deepcopy(document)
    for where, how, odd in damages:
        known = list(places(document))
        if not known:
            break
        *path, last = known[where % len(known)]
        owner = document
        for step in path:
            owner = owner[step]
        if how == "set":
            owner[last] = copy.deepcopy(odd)
        elif how == "drop":
            del owner[last]
        elif isinstance(owner, dict):
            owner["more"] = copy.deepcopy(odd)
        else:
            owner.append(copy.deepcopy(odd))
    return document
