"""Fuzz one target with atheris (a package of its own): `python -m tests.fuzz policy [SECONDS [WORKING_FOLDER]]`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path


def main(target: str, seconds: int, folder: Path) -> None:
    """Run until the time is over or something breaks; what broke it is written into the folder."""
    import atheris

    with atheris.instrument_imports(include=["handler", "yaml", "jsonschema"]):
        from tests.fuzz.targets import TARGETS, seeds
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        shutil.copy(seed, corpus / f"seed-{number}")
    limits = ["-max_len=20000", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"]
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", *limits, str(corpus)],
        TARGETS[target],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    chosen, *more = sys.argv[1:]
    place = Path(more[1]) if len(more) > 1 else Path(tempfile.mkdtemp(prefix=f"fuzz-{chosen}-"))
    main(chosen, int(more[0]) if more else 600, place)
