"""The flow of cases as a picture: boxes with what stands there, arrows with what went along, each with its cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from judge.rules.stages import Stage
from judge.views.flow import Flow

#: The picture in its own units, a phone's width.
WIDTH, HEIGHT = 360, 328
BOX_WIDTH, BOX_HEIGHT = 118, 44


@dataclass(frozen=True, slots=True)
class Box:
    """A place where cases stand. ``middle`` is the middle of its width, for the text."""

    name: str
    count: int
    x: int
    y: int
    query: str
    text: str
    is_busy: bool = False

    @property
    def middle(self) -> int:
        return self.x + BOX_WIDTH // 2


@dataclass(frozen=True, slots=True)
class Arrow:
    """A way that cases went: its path, and its count at (x, y), written from there or around it."""

    path: str
    count: int
    x: int
    y: int
    name: str
    query: str
    anchor: str = "start"
    is_dashed: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    width: int = WIDTH
    height: int = HEIGHT
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


def draw(flow: Flow, figures: Mapping[str, Any]) -> Picture:
    return Picture(_boxes(flow), _arrows(flow, figures.get("accepted", {}).get("audited", 0)))


def _boxes(flow: Flow) -> tuple[Box, ...]:
    return (
        Box(_("Imported"), flow.total, 121, 4, "", _("cases in all")),
        Box(_("With the judge"), flow.imported, 121, 84, _stage(Stage.IMPORTED), _("waiting for the judge"),
            is_busy=flow.imported > 0),
        Box(_("Accepted"), flow.accepted, 4, 172, _stage(Stage.ACCEPTED), _("only under a certificate")),
        Box(_("With people"), flow.people, 238, 172, _stage(Stage.PEOPLE), _("waiting for people"),
            is_busy=flow.people > 0),
        Box(_("Adjudication"), flow.adjudication, 238, 274, _stage(Stage.ADJUDICATION),
            _("people split, or flagged it"), is_busy=flow.adjudication > 0),
        Box(_("Agreed"), flow.agreed, 4, 274, _stage(Stage.AGREED), _("by people or an adjudicator")),
    )  # fmt: skip


def _arrows(flow: Flow, n_audited: int) -> tuple[Arrow, ...]:
    """Where nobody keeps count of a way, what stands at its end tells how many went along."""
    return (
        Arrow("M180 48V82", flow.total, 186, 69, _("to the judge"), ""),
        Arrow("M121 106H63V170", flow.accepted, 68, 146, _("accepted"), _stage(Stage.ACCEPTED)),
        Arrow("M239 106H297V170", flow.sent_to_people, 292, 146, _("to people"), _stage(Stage.PEOPLE), "end"),
        Arrow("M122 186H236", n_audited, 180, 181, _("audited"), "reason=audit", "middle", is_dashed=True),
        Arrow("M297 216V272", flow.adjudication + flow.adjudicated, 292, 264, _("split"), _stage(Stage.ADJUDICATION),
              "end"),
        Arrow("M268 216V242H92V272", flow.settled_by_people, 180, 237, _("people agree"), _stage(Stage.AGREED),
              "middle"),
        Arrow("M238 296H124", flow.adjudicated, 180, 291, _("adjudicated"), _stage(Stage.AGREED), "middle"),
    )  # fmt: skip


def _stage(stage: Stage) -> str:
    return f"stage={stage.value}"
