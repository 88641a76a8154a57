"""The demo shop: three projects made whole, each in one transaction, so that a broken start leaves no half shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from judge import demo, registry
from judge.actions import imports, projects, rubrics
from judge.models import Project, Role, User

Say = Callable[[str], None]

#: task → (name of the project, file of its items). Streams are smaller than the defaults: the shop has few items and
#: its training export should show some.
PROJECTS = {
    "tag": ("Demo shop: tags", "tags.jsonl"),
    "explanation": ("Demo shop: explanations", "explanations.jsonl"),
    "interest": ("Demo shop: interests", "interests.jsonl"),
}
RATES: dict[str, Any] = {"train_rate": 0.25, "certify_rate": 0.05, "gold_rate": 0.03}
PROMPTS = {
    "tag": "Write one product tag for this shopper, with the interest it serves and the reason.\n\n{context}",
    "explanation": "Explain in one or two sentences why this item suits this shopper.\n\n{context}",
    "interest": "Name one interest of this shopper and the reason.\n\n{context}",
}


def seed(say: Say, *, judge: str, is_bare: bool = False) -> list[Project]:
    """Make the demo people and the projects that are missing, with ``judge`` in force; returns all three.

    ``is_bare``: items alone, without recorded verdicts and people's answers.
    """
    people = [make_person(name) for name in demo.PEOPLE]
    seeders = {} if is_bare else registry.demo_seeders
    return [find(task) or _make(task, people, say, judge, seeders) for task in PROJECTS]


def make_person(username: str) -> User:
    """A demo person with the public password; the account is left as it is when it exists."""
    full_name, language, _ = demo.PEOPLE[username]
    first, last = full_name.split()
    user, is_new = User.objects.get_or_create(
        username=username,
        defaults={"first_name": first, "last_name": last, "language": language, "is_demo": True},
    )
    if is_new:
        user.set_password(demo.PASSWORD)
        user.save(update_fields=["password"])
    return user


def find(task: str) -> Project | None:
    return Project.objects.filter(is_demo=True, name=PROJECTS[task][0]).first()


@transaction.atomic
def _make(task: str, people: list[User], say: Say, judge: str, seeders: Mapping[str, Callable[..., None]]) -> Project:
    name, file = PROJECTS[task]
    project = projects.create(
        name, rubric=rubrics.template(task), judge=judge, is_demo=True, generator_prompt=PROMPTS[task], **RATES
    )
    for person in people:
        roles = [Role(role) for role in demo.PEOPLE[person.username][2]]
        projects.add_member(project, person, *roles)
    report = imports.import_file(project, demo.FOLDER / file, by=None, name=file, frame="the demo shop")
    say(f"{name}: {report.n_items} items, {report.n_cases} cases")
    for title in sorted(seeders):
        seeders[title](project, say)
    return project
