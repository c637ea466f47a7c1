"""Write docs/reference/events.md from the list of event names: ``python -m tests.events_page``."""

from __future__ import annotations

from pathlib import Path

from hikeshi.ledger.names import EVENTS

PAGE = Path(__file__).parents[1] / "docs/reference/events.md"


def events_page() -> str:
    """Return the page's text."""
    rows = "".join(f"| `{name}` | {told} |\n" for name, told in sorted(EVENTS.items()))
    return (
        "# Audit events\n\nMade from `src/hikeshi/ledger/names.py` by `python -m "
        "tests.events_page`. A name never changes its meaning.\n\n"
        "| Name | What happened |\n|-|-|\n" + rows
    )


if __name__ == "__main__":
    PAGE.write_text(events_page(), encoding="utf-8")
