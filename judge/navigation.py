"""The pages of a project as the bar shows them: the work, then sections whose pages stand in a second line.

A page is the name of its URL and the word for it. Who sees which is read from the view's own policy mark; a page that
is not installed is left out, and a section with one page left is a link to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

type Page = tuple[str, Promise | str]


@dataclass(frozen=True, slots=True)
class Section:
    name: Promise | str
    pages: tuple[Page, ...]


#: Where people work: each is one link, always in sight.
WORK: tuple[Page, ...] = (
    ("workbench", _("Answer")),
    ("adjudication", _("Adjudicate")),
    ("queue", _("Queue")),
    ("items", _("Items")),
)
#: What people look at. A new dashboard has its line here.
DASHBOARDS = Section(
    _("Dashboards"),
    (
        ("project", _("Overview")),
        ("calibration", _("Calibration")),
        ("risk", _("Risk")),
        ("audit", _("Audit")),
        ("agreement", _("Agreement")),
        ("compare", _("Compare")),
        ("probes", _("Probes")),
        ("cost", _("Cost")),
        ("workload", pgettext_lazy("dashboard", "People")),
    ),
)
JUDGES = Section(
    _("Judging and certificates"),
    (
        ("runs", _("Judging")),
        ("judges", _("Judges")),
        ("certificates", _("Certificates")),
        ("milestones", _("Milestones")),
    ),
)
SET_UP = Section(
    _("Set-up"),
    (
        ("rubric", _("Rubric")),
        ("people", pgettext_lazy("page", "People")),
        ("quality", _("Quality")),
        ("members", _("Members")),
        ("import_items", _("Import")),
        ("export_labels", _("Export")),
        ("api_access", "API"),
        ("webhooks", _("Webhooks")),
        ("erase_texts", _("Texts")),
        ("audit_log", _("Log")),
    ),
)
SECTIONS = (DASHBOARDS, JUDGES, SET_UP)
