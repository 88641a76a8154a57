"""Erasures: the texts of an item, a context or a person leave; labels, answers and the audit log stay.

What goes: outputs, prompts and meta of items, contents of contexts, notes and rationales, drafts, what models said, and
waiting files that may hold them (archives of exports, rejected lines). A snapshot that held an erased text refuses to
be made again. Cases that were not settled are asked no more. Ids stay; a person's key becomes a pseudonym that still
tells which contexts belong together.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from judge import registry
from judge.actions import events
from judge.errors import InputError
from judge.models import Case, Context, Event, Item, Judgment, JudgmentText, Project, User
from judge.rules.stages import Stage
from judge.services import state

VERB = "texts erased"
#: Items of one transaction: their locks keep submits and runs of these items waiting.
BATCH = 200
PSEUDONYM = "erased:"


@dataclass(frozen=True, slots=True)
class Erased:
    """What left, and what could not leave: versions of the rubric that hold an example made of one of the cases."""

    n_items: int
    n_contexts: int
    rubrics: tuple[int, ...] = ()


def erase(
    project: Project, *, item: str = "", context: str = "", person: str = "", by: User | None, reason: str = ""
) -> Erased:
    """Erase one item, or a context with its items, or all contexts of a person; each by the id of the import.

    Twice is once. Raises InputError where there is no such thing, or not exactly one is named.
    """
    if sum(map(bool, (item, context, person))) != 1:
        raise InputError("nothing to erase was named", expected="an item, a context or a person")
    contexts = Context.objects.filter(project=project)
    if item:
        items, chosen = Item.objects.filter(project=project, identity=item), contexts.none()
    else:
        chosen = (
            contexts.filter(identity=context) if context else contexts.filter(user_key__in=[person, hidden(person)])
        )
        items = Item.objects.filter(project=project, context__in=chosen)
    if not (items if item else chosen).exists():
        what, told = next(
            (name, told) for name, told in [("item", item), ("context", context), ("person", person)] if told
        )
        raise InputError(f'there is no {what} "{told}" in {project.name}', expected="its id as it was imported")
    item_ids, context_ids = (list(found.order_by("pk").values_list("pk", flat=True)) for found in (items, chosen))
    return erase_rows(project, item_ids, context_ids, by=by, reason=reason)


def erase_rows(
    project: Project, item_ids: Sequence[int], context_ids: Sequence[int], *, by: User | None, reason: str = ""
) -> Erased:
    """Erase items and contexts by their rows, some at a time; the files of the project go first and last."""
    _forget_files(project)
    n_items, rubrics = 0, set[int]()
    for some in batched(item_ids, BATCH, strict=False):
        n, held = _erase_items(project, some, by=by, reason=reason)
        n_items += n
        rubrics |= held
    n_contexts = _erase_contexts(project, context_ids, by=by, reason=reason)
    _forget_files(project)  # one may have been written since
    return Erased(n_items, n_contexts, tuple(sorted(rubrics)))


def hidden(person: str) -> str:
    """The pseudonym of a person's key: the same key gives the same one, and no list of keys can be tried against it."""
    return PSEUDONYM + salted_hmac("judge.erasures", person, algorithm="sha256").hexdigest()[:24]


def is_stale(project: Project, made_at: object) -> bool:
    """Whether a file made at that time may hold a text that was erased since."""
    return Event.objects.filter(project=project, verb=VERB, created_at__gte=made_at).exists()


@transaction.atomic
def _erase_items(project: Project, ids: Sequence[int], *, by: User | None, reason: str) -> tuple[int, set[int]]:
    """Locks first the items, then their cases in id order, as every claim and submit does."""
    fresh = Item.objects.select_for_update(no_key=True).filter(pk__in=ids, erased_at=None).order_by("pk")
    item_ids = list(fresh.values_list("pk", flat=True))
    locked = Case.objects.select_for_update(no_key=True).filter(item__in=item_ids).order_by("pk")
    case_ids = list(locked.values_list("pk", flat=True))
    if not item_ids:
        return 0, set()
    Item.objects.filter(pk__in=item_ids).update(output=None, prompt="", meta={}, erased_at=Now())
    _empty_words(project, case_ids)
    for eraser in registry.erasers.values():
        eraser(project, item_ids, case_ids)
    Case.objects.filter(pk__in=case_ids, stage=Stage.PEOPLE).update(people_wanted=F("seats_taken"))
    for item_id in item_ids:
        events.note(project, VERB, by=by, subject=f"item:{item_id}", reason=reason)
    return len(item_ids), _rubrics_with(project, case_ids)


@transaction.atomic
def _erase_contexts(project: Project, ids: Sequence[int], *, by: User | None, reason: str) -> int:
    found = list(Context.objects.select_for_update().filter(pk__in=ids, erased_at=None).order_by("pk"))
    for each in found:
        key = hidden(each.user_key) if each.user_key and not each.user_key.startswith(PSEUDONYM) else each.user_key
        Context.objects.filter(pk=each.pk).update(content=None, user_key=key, erased_at=Now())
        events.note(project, VERB, by=by, subject=f"context:{each.pk}", reason=reason)
    return len(found)


def _empty_words(project: Project, case_ids: Sequence[int]) -> None:
    """Notes and rationales of answers, and the words with which cases were sent back."""
    said = Judgment.objects.filter(case__in=case_ids, text__isnull=False).values_list("text_id", flat=True)
    subjects = [f"case:{pk}" for pk in case_ids]
    back = Event.objects.filter(project=project, verb="sent back", subject__in=subjects, data__has_key="text")
    texts = [*said, *(int(data["text"]) for data in back.values_list("data", flat=True))]
    JudgmentText.objects.filter(pk__in=texts).update(note="", rationale="", erased_at=Now())


def _rubrics_with(project: Project, case_ids: Iterable[int]) -> set[int]:
    """A rubric is a version for good: its examples were read by people and machines, and leave by a new version."""
    subjects = [f"case:{pk}" for pk in case_ids]
    added = Event.objects.filter(project=project, verb="example added", subject__in=subjects)
    return {int(data["rubric"]) for data in added.values_list("data", flat=True)}


def _forget_files(project: Project) -> None:
    for folder in ("exports", "rejected"):
        shutil.rmtree(state.folder() / folder / str(project.pk), ignore_errors=True)


def lonely_contexts(project: Project, item_ids: Iterable[int]) -> list[int]:
    """Contexts of these items that no item with a text needs any more."""
    living = Item.objects.filter(context=OuterRef("pk"), erased_at=None)
    found = Context.objects.filter(~Exists(living), project=project, erased_at=None, items__in=list(item_ids))
    return list(found.distinct().values_list("pk", flat=True))
