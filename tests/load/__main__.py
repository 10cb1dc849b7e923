"""Print the figures of docs/reliability.md, "Load": `python -m tests.load`."""

from __future__ import annotations

from tests.load.scenarios import large, together, warm


def main() -> None:
    """One table for each load."""
    for name, load in (("one large run", large), ("warm invocations", warm), ("invocations at once", together)):
        print(f"| {name} | |\n|---|---|", flush=True)
        print("\n".join(f"| {what} | {figure:,.1f} |" for what, figure in load().items()), flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
