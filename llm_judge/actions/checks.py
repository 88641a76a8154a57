"""What the doctor looks at in our rooms: does the judge answer with log-probabilities, do workers live?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from judge import registry
from judge.actions import queues
from judge.errors import CojudgeError
from judge.registry import Finding
from judge.rules.scales import Question, ScaleLabel
from llm_judge.actions import calls, dispatch, embedders, endpoints, setups
from llm_judge.models import Heartbeat
from llm_judge.rules.records import Scored
from llm_judge.rules.scoring import JudgeCase

QUESTION = Question("sense", "Is the output a word of the context?", (ScaleLabel("yes", True), ScaleLabel("no", False)))
CASE = JudgeCase("doctor", QUESTION, context="tea, milk, sugar", output="milk")


def check_judge() -> list[Finding]:
    """Ask the judge that this installation would use one small question."""
    name = f"judge ({registry.default_judge()})"
    try:
        where, detail, is_well = _ask()
    except CojudgeError as error:
        return [Finding(name, False, str(error), _remedy())]
    return [Finding(name, is_well, f"{where}: {detail}", "" if is_well else _remedy())]


def check_workers() -> list[Finding]:
    """Whether workers and beat live. Without a broker there is nothing to look for."""
    if not settings.BROKER_URL:
        return [Finding("worker", True, "no queue is set up (BROKER_URL is empty); commands judge by themselves")]
    try:
        workers = queues.worker_names()
    except CojudgeError as error:
        return [Finding("worker", False, str(error), "Start the broker, or correct BROKER_URL.")]
    return [*find_gaps(workers, queues.queues_served() if workers else set()), _beat()]


def check_embeddings() -> list[Finding]:
    """Whether the server that students read with answers."""
    try:
        source = embedders.open_source()
        found = embedders.read(source, ["tea", "茶"])
    except CojudgeError as error:
        remedy = "Look at the server at EMBEDDINGS_URL, or unset it; the embedded one logs to embeddings.log."
        return [Finding("embeddings", False, str(error), remedy)]
    n = len(found.vectors["tea"])
    return [Finding("embeddings", True, f"{source.model} gives {n} numbers a text in {found.latency_ms:.0f} ms")]


def find_gaps(workers: Sequence[str], served: Collection[str]) -> list[Finding]:
    """Whether there are workers, and whether they take from every queue between them."""
    if not workers:
        return [Finding("worker", False, "no worker answers", dispatch.how_to_start(dispatch.QUEUES))]
    idle = [queue for queue in dispatch.QUEUES if queue not in served]
    if not idle:
        return [Finding("worker", True, ", ".join(workers))]
    detail = f"{', '.join(workers)}; nobody takes from the queue {' and '.join(idle)}"
    return [Finding("worker", False, detail, dispatch.how_to_start(idle))]


def _ask() -> tuple[str, str, bool]:
    setup = registry.default_judge()
    is_server = setup == endpoints.SERVER
    configuration = setups.server_configuration() if is_server else setups.embedded_configuration()
    endpoint = endpoints.ensure(setup)
    backend = endpoints.connect(endpoint, model=configuration.model)
    opened, facts = calls.open_backend((repr(backend), "doctor"), backend)
    (answer,) = [each for chunk in calls.ask(opened, [CASE], configuration) for each in chunk]
    where = f"{facts.server} {facts.server_version}, {configuration.model}"
    if isinstance(answer.answer, Scored):
        return where, f"answers with log-probabilities in {answer.latency_ms:.0f} ms", True
    return where, answer.answer.detail, False


def _remedy() -> str:
    if settings.JUDGE_URL:
        return "Look at the server at JUDGE_URL, and at JUDGE_MODEL and JUDGE_API_KEY; or unset JUDGE_URL."
    return "Run make setup, and see models.log in the state folder."


def _beat() -> Finding:
    beat = Heartbeat.objects.filter(name="sweep runs").first()
    is_well = beat is not None and timezone.now() - beat.beaten_at < timedelta(minutes=2)
    never = "runs were never swept; the first sweep comes half a minute after the start"
    said = f"last swept {beat.beaten_at:%Y-%m-%d %H:%M:%S %Z}" if beat else never
    return Finding("beat", is_well, said, "" if is_well else "Start one with: celery -A judge beat")


CHECKS: dict[str, Callable[[], list[Finding]]] = {
    "judge": check_judge,
    "embeddings": check_embeddings,
    "worker": check_workers,
}
