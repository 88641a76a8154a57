"""Reviewed texts that pages and charts are held to.

``held("chart.html", text)`` fails where the text differs from ``tests/snapshots/chart.html``. A change that is meant:
run the test with ``COJUDGE_SNAPSHOTS=write``, look at the difference, and commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent


def held(name: str, text: str) -> None:
    path = FOLDER / name
    text = "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"
    if os.environ.get("COJUDGE_SNAPSHOTS") == "write":
        path.write_text(text)
    assert path.exists(), f"no snapshot {name} yet: run with COJUDGE_SNAPSHOTS=write, look at it, and commit it"
    assert text == path.read_text(), f"{name} has changed: look at it, and write it anew if it is meant"
