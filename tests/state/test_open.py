"""Which store a URL names, and what is wrong with one that names none."""

from __future__ import annotations

import pytest

from handler.errors import SettingsError
from handler.state.document import decode
from handler.state.file import FileStore
from handler.state.open import open_store
from tests.fakes import FakeClock


def opened(url, **other):
    return open_store(url, FakeClock(), decode, **other)


def test_without_a_url_there_is_no_store():
    assert opened("") is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x", "STATE_URL must start with file:///, obs://, redis:// or rediss://"),
        ("file:state.json", "STATE_URL file: must be file:///absolute/path"),
        ("file:///", "STATE_URL file: must be file:///absolute/path"),
        ("redis://host:port/0/key", "STATE_URL redis: must be redis://host:port/database/key"),
        ("rediss://host:port/0/key", "STATE_URL redis: must be redis://host:port/database/key"),
        ("obs://bucket/key", "STATE_URL obs:// needs OBS_ENDPOINT (or a region) and an access key"),
    ],
)
def test_a_url_that_names_no_store_says_what_one_looks_like(url, said):
    with pytest.raises(SettingsError, match="STATE_URL") as refused:
        opened(url)
    assert said in str(refused.value)


def test_a_file_is_that_of_its_path(tmp_path):
    store = opened(f"file://{tmp_path}/a%20b.json")
    assert isinstance(store, FileStore)
    store.save({"schema": 2}, None)
    assert (tmp_path / "a b.json").exists()
