"""Makes what tests need, through the same actions that the product uses."""

from __future__ import annotations

from collections.abc import Iterable

from judge.actions import items, projects
from judge.formats.reading import Row
from judge.formats.rubrics import read_rubric
from judge.models import Case, Item, Project, Role, User
from judge.rules.rubrics import RubricRecord

PASSWORD = "correct horse battery staple"

RUBRIC = """
name: small
task: tag
criteria:
  - key: relevance
    question: Does the tag fit the interest?
    guidance: Think of what the person would look at next.
    scale: [{key: fits, passes: true}, {key: weak, passes: false}]
    examples:
      - {label: fits, context: "likes tents", output: "two-person tent", why: "what they look for"}
      - {label: weak, mistaken_for: fits, context: "likes tents", output: "garden gnome", why: "outdoors, but no tent"}
  - key: specificity
    question: Is the tag concrete?
    scale: [{key: concrete, passes: true}, {key: too_generic, passes: false}]
"""


def make_rubric() -> RubricRecord:
    return read_rubric(RUBRIC, filename="small.yaml")


def make_project(name: str, *, rubric: RubricRecord | None = None, **policy: object) -> Project:
    """A people-only project whose items are all in the open stream unless ``policy`` says otherwise."""
    rates = {"train_rate": 0.0, "certify_rate": 0.0, "gold_rate": 0.0}
    return projects.create(name, rubric=rubric or make_rubric(), **(rates | policy))


def make_user(name: str) -> User:
    return User.objects.create_user(name, f"{name}@example.com", PASSWORD, first_name=name.capitalize())


def make_member(project: Project, name: str, *roles: Role) -> User:
    user = User.objects.filter(username=name).first() or make_user(name)
    projects.add_member(project, user, *roles)
    return user


def import_items(
    project: Project, *, n: int = 1, per_context: int = 5, lines: Iterable[dict[str, object]] = ()
) -> list[Item]:
    """Import ``lines``, or ``n`` plain tags of which ``per_context`` share a context; returns the project's items."""
    rows = list(lines) or [
        {"id": f"item-{i}", "context": f"person {i // per_context} likes tents", "output": f"tent number {i}"}
        for i in range(n)
    ]
    numbered = [Row(number, dict(line)) for number, line in enumerate(rows, 1)]
    items.import_rows(project, numbered, by=None, reject=_refuse, frame="tests")
    return list(Item.objects.filter(project=project).order_by("pk"))


def cases_of(item: Item) -> dict[str, Case]:
    """The cases of an item by criterion key."""
    return {case.criterion.key: case for case in item.cases.select_related("criterion")}


def _refuse(rejected: object) -> None:
    raise AssertionError(f"a test's own line was rejected: {rejected}")
