"""A judge that was certified goes wrong: people's blind answers find it, and everything that hangs on it gives way."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from judge.actions import watches
from judge.models import AgreedLabel, Alarm, AuditWatch, Case, Certificate, Decision, Event, Frame, Project, Role, User
from tests import factories
from tests.annotation.views.forms import HTMX, filled
from tests.flow import imported
from tests.flow.imported import World
from tests.flow.test_certified_imports import bring, exported, run

pytestmark = pytest.mark.django_db(transaction=True)

Browse = Callable[[User], Client]


def answer_all(project: Project, client: Client, wanted: set[int], truth: Callable[[str], str]) -> None:
    """Answer what comes in the workbench, as ``truth`` says of each item, until these cases have come."""
    page = client.get(reverse("workbench", args=[project.slug])).content.decode()
    left = set(wanted)
    while left:
        form = filled(page)
        (case,) = form["case"]
        left.discard(case)
        label = truth(Case.objects.get(pk=case).item.identity)
        send = form | {f"answer-{case}": f"label:{label}"}
        response = client.post(reverse("submit_answers", args=[project.slug]), send, headers=HTMX)
        assert response.status_code == 200
        page = response.content.decode()


def second_world(folder: Path, world: World) -> None:
    """The same generator, another day: more items, judged, and labelled by people."""
    folder.mkdir()
    _, items, judgments, _ = imported.write(world, folder)
    for path in (items, judgments):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row in rows:
            row |= {key: f"second {row[key]}" for key in ("id", "item_id") if key in row}
            row |= {"context": f"second {row['context']}"} if "context" in row else {}
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("import_items", "elsewhere", str(items), "--frame", "second")
    run("import_judgments", "elsewhere", str(judgments), "--sample", "random")


def test_wrong_audits_ring_and_everything_that_hangs_on_the_certificate_gives_way(
    tmp_path: Path, browse: Browse
) -> None:
    project, truth = bring(World(), tmp_path)
    run("certify", "elsewhere")
    project.refresh_from_db()
    certificate = Certificate.objects.get()
    audited = set(Decision.objects.filter(is_audited=True).values_list("case_id", flat=True))
    n_accepted = Decision.objects.filter(route="accept").count()
    before = [row for row in exported(tmp_path) if row["basis"] == "judge"]
    assert len(before) == n_accepted

    people = [factories.make_member(project, name, Role.ANNOTATOR) for name in ("ann", "ben")]
    said = dict(AgreedLabel.objects.filter(case__in=audited).values_list("case__item__identity", "label"))
    wrong = {item: "weak" if label == "fits" else "fits" for item, label in said.items()}
    for person in people:
        answer_all(project, browse(person), audited, lambda item: wrong.get(item, truth[item]))
    assert watches.tend()

    certificate.refresh_from_db()
    alarm = Alarm.objects.get()
    watch = AuditWatch.objects.get()
    assert certificate.state == "suspended"
    assert 0 < watch.n_errors == alarm.n_errors == watch.n_audited < len(audited)
    doubted = AgreedLabel.objects.filter(status="in_doubt")
    assert doubted.count() == alarm.n_in_doubt > 0.8 * n_accepted
    rechecked = Case.objects.filter(decisions__reason="recheck")
    assert set(doubted.values_list("case", flat=True)) == set(rechecked.values_list("pk", flat=True))
    assert set(rechecked.values_list("stage", "people_wanted")) == {("people", 2)}
    assert not {row["item_id"] for row in exported(tmp_path / "after") if row["basis"] == "judge"} & {
        *doubted.values_list("case__item__identity", flat=True)
    }

    some = set(rechecked.order_by("queue_order").values_list("pk", flat=True)[:3])
    for person in people:
        answer_all(project, browse(person), some, lambda item: truth[item])
    labels = AgreedLabel.objects.filter(case__in=some, basis="consensus", status="live")
    assert labels.count() == 3
    assert all(row.label == truth[row.case.item.identity] for row in labels.select_related("case__item"))

    assert "since the change that an alarm found" in run("certify", "elsewhere")
    second_world(tmp_path / "second", World(n_labelled=700, seed=8))
    frame = Frame.objects.get(name="second")
    assert frame.certify_rate == 0.5, "twice the default of .4, and no more than half"
    assert Event.objects.get(verb="certify rate raised").subject == "frame:second"
    later = Decision.objects.filter(case__item__frame=frame, case__item__stream="open", judge=project.judge)
    assert set(later.values_list("route", flat=True)) == {"people"}
    assert "suspended" in set(later.values_list("reason", flat=True))

    told = run("certify", "elsewhere")
    fresh = Certificate.objects.latest("pk")
    assert fresh.pk != certificate.pk, told
    assert fresh.imported_after == alarm.changed_at
    assert fresh.n == Case.objects.filter(item__frame=frame, item__stream="certify").count(), "none of the first frame"
    assert fresh.judges_tested == 2
    alarm.refresh_from_db()
    assert (fresh.state == "certified") == (alarm.resolved_at is not None)


@pytest.mark.proof
def test_right_audits_leave_everything_as_it_is(tmp_path: Path, browse: Browse) -> None:
    project, truth = bring(World(), tmp_path)
    run("certify", "elsewhere")
    audited = set(Decision.objects.filter(is_audited=True).values_list("case_id", flat=True))
    for name in ("ann", "ben"):
        person = factories.make_member(project, name, Role.ANNOTATOR)
        answer_all(project, browse(person), audited, lambda item: truth[item])
    assert watches.tend()
    watch = AuditWatch.objects.get()
    assert watch.n_audited == len(audited)
    assert watch.n_accepted <= Decision.objects.filter(route="accept").count()
    assert watch.n_errors <= len(audited) / 4
    assert watch.bound is not None
    assert Certificate.objects.get().state == "certified"
    said = StringIO()
    call_command("replay_drift", "elsewhere", stdout=said)
    assert "no alarm" in said.getvalue()
