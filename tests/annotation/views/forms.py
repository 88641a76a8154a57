"""The workbench's form as a browser would send it."""

from __future__ import annotations

import re
from typing import Any

from judge.models import Case

HTMX = {"HX-Request": "true"}
GOOD_FORM = {"relevance": "label:fits", "specificity": "label:concrete"}


def filled(page: str, **labels: str) -> dict[str, Any]:
    """The form on a page as a browser would send it, with ``labels`` chosen by criterion key."""
    cases = [int(each) for each in re.findall(r'name="case" value="(\d+)"', page)]
    keys = dict(Case.objects.filter(pk__in=cases).values_list("pk", "criterion__key"))
    hidden = {name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("key", "lease")}
    chosen = {f"answer-{case}": labels[keys[case]] for case in cases if keys[case] in labels}
    return hidden | {"case": cases, "took": "5000"} | chosen
