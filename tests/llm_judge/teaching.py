"""People who label camping tags, for tests about the student: what belongs in a tent bag fits, cosmetics do not."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Case, Item, Project, User
from tests import factories

GOOD = ("two-person tent", "camping stove", "sleeping bag", "hiking boots", "gas cooker", "帐篷", "登山鞋")
BAD = ("lipstick", "nail polish", "eye shadow", "perfume for women", "face cream", "口红", "香水")


def camp(name: str = "Camping", *, n: int = 64, **policy: object) -> Project:
    """A project of ``n`` tags, two to a context, all in the train stream unless ``policy`` says otherwise."""
    project = factories.make_project(name, **({"train_rate": 1.0} | policy))
    lines = [
        {"id": f"{name}-{i}", "context": f"person {i // 2} goes camping and hiking", "output": pick(i)}
        for i in range(n)
    ]
    factories.import_items(project, lines=lines)
    return project


def pick(i: int) -> str:
    return (GOOD if i % 2 == 0 else BAD)[i // 2 % len(GOOD)] + f" no. {i}"


def fits(item: Item) -> str:
    return "fits" if any(str(item.output).startswith(word) for word in GOOD) else "weak"


def label(project: Project, user: User, items: Iterable[Item], say: Callable[[Item], str] = fits) -> None:
    """``user`` answers the criterion relevance of ``items``."""
    cases = Case.objects.filter(item__in=list(items), criterion__key="relevance").select_related("item")
    new = [NewJudgment(case.pk, say(case.item)) for case in cases]
    judgments.record(new, rater=projects.rater_of(user), by=user)
