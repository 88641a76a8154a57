"""A student that a lead asks for: fitted by a worker, since it takes minutes; what hinders it stands in an event."""

from __future__ import annotations

from judge.actions import events, queues
from judge.errors import CojudgeError
from judge.models import Event, Project, User
from llm_judge.actions import students

NOT_FITTED = "student not fitted"


def start(project: Project, *, by: User) -> None:
    """Wake a worker to fit a student now. Raises ServiceError where there is no queue."""
    queues.send("llm_judge.tasks.fit_student", project.pk, by.pk)


def run(project_id: int, user_id: int) -> None:
    """Fit a student to what people have labelled so far."""
    project, by = Project.objects.get(pk=project_id), User.objects.get(pk=user_id)
    try:
        students.fit(project, by=by)
    except CojudgeError as error:
        events.note(project, NOT_FITTED, by=by, why=str(error))


def trouble(project: Project) -> str:
    """Why the last fit that was asked for did not come about; empty where one came later."""
    last = Event.objects.filter(project=project, verb__in=(NOT_FITTED, "student fitted")).order_by("-pk").first()
    return str(last.data.get("why", "")) if last else ""
