"""The folder of a test is in memory."""

from tests.folders import tmp_path

__all__ = ["tmp_path"]
