"""Answers of port and asset statistics as `handler.hss.decode` reads them, for its tests."""

from __future__ import annotations

import pytest

from handler.errors import AnswerError
from handler.hss.decode import asset_counters, port_page
from handler.transport.request import Response
from tests.fakes import json_response

AT = "https://hss.example/v5/p/asset/port/statistics"
ROW = {"port": 23, "type": "TCP", "num": 4, "status": "danger"}


def page(body, cloud="huaweicloud", validation="warn"):
    return port_page(body if isinstance(body, Response) else json_response(body), AT, cloud, validation)


def counters(body, validation="warn"):
    return asset_counters(json_response(body), AT, "otc", validation)


def refused(body, **other) -> str:
    with pytest.raises(AnswerError) as caught:
        page(body, **other)
    assert str(caught.value).startswith(AT)
    return str(caught.value)


def problems(body, **other) -> str:
    return "\n".join(map(str, page(body, **other).problems))


def listing(*rows, total: object = None):
    return {"total_num": len(rows) if total is None else total, "data_list": list(rows)}
