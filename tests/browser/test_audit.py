"""The pages Audit and Compare in a real browser: for everybody, wide and narrow, light and dark, in both languages."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from judge.actions import audit_histories, audit_slices, audits, comparison_figures, mixes, summaries
from judge.models import Alarm, AuditWatch, Certificate, Item, Role, User
from judge.stats.history import Read, read_audits, read_input
from tests import factories
from tests.browser.conftest import Window
from tests.browser.test_judges import check
from tests.judge import accepted, proofs
from tests.judge.actions.test_comparison_figures import as_gold, bring, decide, say

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Window]


@pytest.fixture
def cell(db: None) -> Certificate:
    """A certificate with audits, an alarm, slices, people's decisions, and a second judge beside the first."""
    cell = accepted.make_cell("Shop tags")
    crew = [factories.make_user(name) for name in ("ann", "ben", "cleo")]
    _compare(cell, crew)
    cases = accepted.bring(cell.project, 12)
    Item.objects.filter(cases__in=cases[:8]).update(language="en", category="tents", generator="gen-2")
    Item.objects.filter(cases__in=cases[8:]).update(language="zh", category="户外炊具", generator="gen-3")
    accepted.answer(cases[:8], "fits", crew[:2])
    accepted.answer(cases[8:], "weak", crew[:2])
    audits.read(cell, until=accepted.acceptances(cell)[-1].pk)
    for name in (audit_histories.NAME, audit_slices.NAME, mixes.NAME, comparison_figures.NAME):
        summaries.refresh(cell.project, name)
    _play(cell)
    return cell


def _compare(cell: Certificate, crew: list[User]) -> None:
    second = proofs.make_judge(cell.project, "second")
    assert cell.project.judge is not None
    for generator in ("gen-2", "gen-3"):
        cases = bring(cell.project, 12, generator=generator, language="en", category="tents", stream="train")
        say(cell.project.judge, cases[:9], "fits")
        say(cell.project.judge, cases[9:], "weak")
        say(second, cases[3:], "fits")
        say(second, cases[:3], "weak")
        decide(cases[:10], "fits", crew)
        decide(cases[10:], "weak", crew)
        as_gold(cases)


def _play(cell: Certificate) -> None:
    """A long history in the place of the short one: three hundred audits, then sixty of which a third are wrong."""
    rows = [Read(i, 0.9, 0.5, _is_wrong(i) if i % 2 == 0 else None, f"2026-03-{1 + i // 30:02}") for i in range(1, 721)]
    history, inputs = read_audits({}, alpha=0.1, least=0.05), read_input({})
    history.read(rows)
    inputs.read([(i, 0.85 + 0.1 * (i % 7) / 7 + (i > 500) * 0.04, f"2026-03-{1 + i // 30:02}") for i in range(1, 721)],
                [(i * 37 % 100) / 100 for i in range(720)])  # fmt: skip
    kept = summaries.read(cell.project, audit_histories.NAME)
    assert kept is not None
    kept.data[str(cell.pk)] = {"audits": history.as_record(), "input": inputs.as_record()}
    kept.save()
    first = accepted.acceptances(cell)[0]
    AuditWatch.objects.filter(certificate=cell).update(n_accepted=720, n_audited=360, n_errors=32, bound=0.151)
    Alarm.objects.create(
        project=cell.project, certificate=cell, level=2104.0, n_audited=360, n_errors=32, since_decision=first.pk,
        changed_at=first.created_at, n_in_doubt=118,
    )  # fmt: skip


def _is_wrong(i: int) -> bool:
    return i % 50 == 0 if i < 600 else i % 6 == 0


@pytest.fixture
def lea(cell: Certificate) -> User:
    return factories.make_member(cell.project, "lea", Role.LEAD)


#: Width, colours and language.
LOOKS: tuple[dict[str, object], ...] = (
    {"color_scheme": "light"},
    {"color_scheme": "dark", "locale": "zh-CN", "viewport": {"width": 390, "height": 800}},
)


def test_the_pages_serve_everybody(open_window: Open, cell: Certificate, lea: User) -> None:
    audit, compare = (reverse(name, args=[cell.project.slug]) for name in ("audit", "compare"))
    for number, look in enumerate(LOOKS):
        window = open_window(lea, **look)
        for place, address in enumerate((f"{audit}?by=category", compare, f"{compare}?kind=generators")):
            page = window.go(address)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            if folder := os.environ.get("COJUDGE_PICTURES"):
                page.screenshot(path=Path(folder) / f"{number}-{place}.png", full_page=True)
            for summary in page.locator("summary").all():
                summary.click()
            check(page)
