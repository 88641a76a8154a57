"""What every summary keeps: counted again from scratch it says the same."""

from __future__ import annotations

import json
from typing import Any

from judge.actions import summaries
from judge.models import Project


def counted(project: Project, name: str) -> dict[str, Any]:
    """The numbers of a kind as a worker counts them now; fails where they are not the same counted from scratch."""
    summaries.refresh(project, name)
    known = summaries.read(project, name)
    rebuilt = summaries.rebuild(project, name)
    assert known is not None, f"nothing of {name} was counted"
    assert rebuilt is not None
    assert known.data == rebuilt.data, f"{name} is not the same when it is counted from scratch"
    json.dumps(rebuilt.data, allow_nan=False)
    return dict(rebuilt.data)
