"""A project in which everything that an address can name exists once: for tests that try every door."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path

from judge.actions import tokens
from judge.models import ExportJob, Judgment, Project, Role, Snapshot, User, Webhook
from judge.services import state
from llm_judge.actions import drafts, runs, setups, trials
from llm_judge.models import Endpoint
from llm_judge.rules import templates
from llm_judge.rules.configuration import ScoringRule
from tests import factories
from tests.annotation.answering import answer
from tests.judge import proofs


@dataclass(frozen=True)
class World:
    """A project, and the values of its addresses by route converter; ``keys`` by the name of the URL that takes one."""

    project: Project
    values: dict[str, str]
    keys: dict[str, str]
    files: list[Path] = field(default_factory=list)

    def address(self, route: str, name: str, *, slug: str = "") -> str:
        """A route with this world's rows in it; ``slug`` of another project where they are sought there."""
        found = self.values | {"slug": slug or self.project.slug, "key": self.keys.get(name, str(uuid.UUID(int=1)))}
        for part in [piece.split(">")[0] for piece in route.split("<")[1:]]:
            route = route.replace(f"<{part}>", found.get(part.split(":")[-1], "1"))
        return "/" + route


def make_world(name: str, person: User) -> World:
    """``person`` holds every role there and did what a person can do."""
    project = factories.make_project(name)
    factories.make_member(project, person.username, *Role)
    items = factories.import_items(project, n=3)
    setups.use_scripted(project)
    project.refresh_from_db()
    answer(project, person)
    answered = Judgment.objects.filter(rater__user=person, case__project=project)[0]
    job = _exported(project, person)
    world = World(
        project,
        values={
            "item_id": str(items[0].pk), "case_id": str(answered.case_id),
            "run_id": str(runs.start(project, by=None).pk),
            "judge_id": str(project.judge_id), "person_id": str(person.pk), "snapshot_id": str(job.snapshot_id),
            "trial_id": str(_tried(project, person)), "certificate_id": str(proofs.certify(project, "relevance").pk),
            "endpoint_id": str(Endpoint.objects.get(name="scripted").pk),
            "token_id": str(_token(project, person)), "webhook_id": str(_webhook(project)),
            "provider_id": "sso", "uidb64": "MQ", "token": "set-password",
        },
        keys={
            "edit_answers": str(answered.submission), "feedback": str(answered.submission),
            "export_file": str(job.key), "read_export": str(job.key), "fetch_export": str(job.key),
            "rejected_lines": str(uuid.uuid4()),
        },
    )  # fmt: skip
    world.files.append(_file("exports", project, f"{job.key}.zip"))
    world.files.append(_file("rejected", project, f"{world.keys['rejected_lines']}.jsonl"))
    return world


def _file(folder: str, project: Project, name: str) -> Path:
    path = state.folder() / folder / str(project.pk) / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text("{}")
    return path


def _exported(project: Project, person: User) -> ExportJob:
    snapshot = Snapshot.objects.create(
        project=project, format="labels", kind="jsonl", sees_certify=False, seen={}, n_labels=0, n_rows=0, files=[],
        manifest={}, by=person,
    )  # fmt: skip
    order = {"format": "labels"}
    return ExportJob.objects.create(
        key=uuid.uuid4(), project=project, order=order, by=person, snapshot=snapshot, state=ExportJob.State.DONE
    )


def _tried(project: Project, person: User) -> int:
    draft = drafts.Draft(Endpoint.objects.get(name="scripted"), templates.SHIPPED["choice"], ScoringRule.CHOICE)
    case = project.items.order_by("pk")[0].cases.order_by("pk")[0]
    return trials.make(project, drafts.configure(draft), case, endpoint=draft.endpoint, by=person).pk


def _token(project: Project, person: User) -> int:
    made = tokens.make(project, person, name="a program", scopes=["read"], days=1, by=person)
    return made.token.pk


def _webhook(project: Project) -> int:
    row = Webhook.objects.create(project=project, url="https://hook.example/", kinds=["alarm"], secret="", by=None)
    return row.pk
