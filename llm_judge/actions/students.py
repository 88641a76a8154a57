"""The student judge: fitted to people's labels, again and again as they arrive. Each fit is a judge of its own.

A fit makes a machine rater and a candidate judge. Nothing is put in force by itself: a candidate judges beside the
judge in force, earns its own certificate, and a lead promotes it.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from judge.actions import events, judges, rubrics
from judge.errors import CojudgeError, InputError
from judge.formats.json_text import digest
from judge.models import Criterion, Judge, Project, Rater, User
from judge.rules.scales import Question
from llm_judge.actions import embedders, lessons
from llm_judge.actions.lessons import Lesson
from llm_judge.models import StudentHead
from llm_judge.rules import student

if TYPE_CHECKING:
    from judge.stats.heads import FittedHead
    from llm_judge.rules.student import Vector

logger = logging.getLogger(__name__)

#: Labels of one criterion at which a student is fitted anew: declared, so that nobody picks the moment that looks best.
SIZES = tuple(50 * 2**power for power in range(12))
#: A criterion is learned from so many labels on, and so many of each of two labels at least.
LEAST, LEAST_OF_EACH = 50, 5


@dataclass(frozen=True, slots=True)
class Summary:
    """What a lead sees: labels to learn from now by criterion key, what the latest fit was worth, when the next comes.

    ``n_set_aside``: labelled train cases that share their context with cases that judges are tested on.
    """

    labels: Mapping[str, int]
    n_set_aside: int
    latest: StudentHead | None
    next_size: int | None


def summary(project: Project) -> Summary:
    """Cheap enough for a page: no model is asked and nothing is fitted."""
    counted = lessons.count(project)
    keys = {each.key: counted.get(each.pk, 0) for each in rubrics.criteria_in_force(project)}
    latest = StudentHead.objects.filter(project=project).select_related("judge").order_by("-pk").first()
    done = latest.size if latest else 0
    return Summary(keys, lessons.count_set_aside(project), latest, next((size for size in SIZES if size > done), None))


def fit(project: Project, *, by: User | None) -> Judge:
    """Fit a student to all that people have labelled in the train stream; the candidate judge that it is.

    Raises InputError, with how many labels are missing, where no criterion can be learned yet, and ServiceError where
    the embeddings server fails.
    """
    criteria = {each.pk: each for each in rubrics.criteria_in_force(project)}
    by_criterion: dict[int, list[Lesson]] = defaultdict(list)
    for lesson in lessons.gather(project):
        by_criterion[lesson.criterion_id].append(lesson)
    learnable = {key: given for key, given in by_criterion.items() if not _lacking(given)}
    if not learnable:
        raise _too_few(project, criteria, by_criterion)
    source = embedders.open_source()
    rows, centres = _read(source, [each for given in learnable.values() for each in given])
    fitted = {key: _fit(given, rows) for key, given in learnable.items()}
    size = _size({key: len(given) for key, given in by_criterion.items()})
    content = _content(project, source.prefix, centres, {criteria[key]: head for key, head in fitted.items()})
    return _keep(project, source, criteria, learnable, fitted, content=content, size=size, by=by)


def is_due(project: Project) -> bool:
    """Whether a declared size is reached that no student was fitted at."""
    latest = StudentHead.objects.filter(project=project).order_by("-pk").first()
    size = latest.size if latest else 0
    if not lessons.has_news(project, latest.created_at if latest else None) or _size(lessons.count(project)) <= size:
        return False
    return _size(Counter(each.criterion_id for each in lessons.gather(project))) > size


def refit_due() -> list[Judge]:
    """Fit where a declared size is reached: new candidates. A project whose labels do not suffice is passed over."""
    made = []
    for project in Project.objects.filter(rubric__isnull=False).order_by("pk"):
        if is_due(project):
            try:
                made.append(fit(project, by=None))
            except CojudgeError as error:  # one kind of label only, say, or no embeddings server: later perhaps
                logger.warning("No student was fitted for %s: %s", project.slug, error)
    return made


def _size(counted: Mapping[int, int]) -> int:
    most = max(counted.values(), default=0)
    return max((size for size in SIZES if size <= most), default=0)


def _lacking(given: Sequence[Lesson]) -> str:
    """Why these do not suffice, in words; empty where they do."""
    if len(given) < LEAST:
        return f"{len(given)} of {LEAST} labels: {LEAST - len(given)} more are needed"
    counts = sorted(sum(each.label == label for each in given) for label in {each.label for each in given})
    second = counts[-2] if len(counts) > 1 else 0
    if second < LEAST_OF_EACH:
        return f"{len(given)} labels, {second} of them another than the commonest: {LEAST_OF_EACH} are needed"
    if len({each.context_id for each in given}) < 2:
        return f"{len(given)} labels, all of one context: two contexts are needed"
    return ""


def _too_few(
    project: Project, criteria: Mapping[int, Criterion], by_criterion: Mapping[int, list[Lesson]]
) -> InputError:
    said = "; ".join(f"{each.key}: {_lacking(by_criterion.get(key, []))}" for key, each in criteria.items())
    aside = lessons.count_set_aside(project)
    note = f" {aside} labelled cases share their context with cases that judges are tested on." if aside else ""
    return InputError(
        f"{project.name} has too few labels of people in its train stream for a student. {said}.{note}",
        next_step="Label more, or raise the train rate of the next import.",
    )


def _read(source: embedders.Source, given: Sequence[Lesson]) -> tuple[dict[int, Vector], student.Centres]:
    """Case id → features, and the means that they rest on."""
    readings = {each.case_id: student.read_case(each.context, each.output) for each in given}
    found = embedders.read(source, (text for reading in readings.values() for text in reading.texts))
    centres = student.find_centres(list(readings.values()), found.vectors)
    return {key: student.features(reading, found.vectors, centres) for key, reading in readings.items()}, centres


def _fit(given: Sequence[Lesson], rows: Mapping[int, Vector]) -> FittedHead:
    import numpy as np

    from judge.stats.heads import fit_head

    table = np.stack([rows[each.case_id] for each in given]).astype(np.float64)
    scales = student.column_scales(table.shape[1]).astype(np.float64)
    return fit_head(table, [each.label for each in given], [each.context_id for each in given], scales=scales)


def _content(
    project: Project, prefix: str, centres: student.Centres, fitted: Mapping[Criterion, FittedHead]
) -> dict[str, Any]:
    """All that answers depend on, as JSON can hold it. No two projects share a student."""
    return {
        "project": project.pk,
        "features": student.FEATURES,
        "prefix": prefix,
        "centres": centres.as_record(),
        "criteria": {each.content_hash: _head(each.question, head).as_record() for each, head in fitted.items()},
    }


@transaction.atomic
def _keep(
    project: Project,
    source: embedders.Source,
    criteria: Mapping[int, Criterion],
    learned: Mapping[int, list[Lesson]],
    fitted: Mapping[int, FittedHead],
    *,
    content: dict[str, Any],
    size: int,
    by: User | None,
) -> Judge:
    n = sum(map(len, learned.values()))
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # one of two who fit the same labels is second
    rater = _rater(source, digest(content), n)
    known = StudentHead.objects.filter(rater=rater).select_related("judge").first()
    if known is not None:
        return known.judge
    judge = judges.make(project, [rater], name=rater.name, by=by, kind=Judge.Kind.STUDENT)
    row = StudentHead.objects.create(
        project=project,
        rater=rater,
        judge=judge,
        size=size,
        n_labels=n,
        content=content,
        content_hash=digest(content),
        figures={criteria[key].key: figures(criteria[key].question, learned[key], fitted[key]) for key in fitted},
        out_of_fold={
            str(lesson.case_id): dict(zip(fitted[key].labels, map(float, probs), strict=True))
            for key, given in learned.items()
            for lesson, probs in zip(given, fitted[key].out_of_fold, strict=True)
        },
    )
    events.note(project, "student fitted", by=by, subject=f"judge:{judge.pk}", labels=n, head=row.content_hash[:12])
    return judge


def _rater(source: embedders.Source, content_hash: str, n_labels: int) -> Rater:
    configuration = source.configuration(content_hash)
    rater, _ = Rater.objects.get_or_create(
        configuration_hash=configuration.content_hash(),
        defaults={
            "kind": Rater.Kind.MACHINE,
            "name": f"Student of {n_labels:,} labels: {source.model}",
            "configuration": configuration.as_record(),
        },
    )
    source.endpoint.raters.add(rater)
    return rater


def _head(question: Question, fitted: FittedHead) -> student.Head:
    """Labels that nobody gave share the odds of half a case each: not seen is not impossible."""
    import numpy as np

    unseen = tuple(key for key in question.label_keys if key not in fitted.labels)
    floor = 0.5 / (len(fitted.out_of_fold) + 0.5 * len(unseen)) if unseen else 0.0
    weights, bias = fitted.weights.astype(np.float32), fitted.bias.astype(np.float32)
    return student.Head(fitted.labels, weights, bias, unseen, floor)


def figures(question: Question, given: Sequence[Lesson], fitted: FittedHead) -> dict[str, Any]:
    """How good the head was on train cases whose context it had not seen: AUROC of passing against failing labels."""
    from judge.stats.ranking import rank

    passing = [place for place, label in enumerate(fitted.labels) if question.passes(label)]
    found = rank(
        fitted.out_of_fold[:, passing].sum(axis=1).tolist(),
        [bool(question.passes(each.label)) for each in given],
        [each.context_id for each in given],
    )
    right = [
        fitted.labels[place] == each.label for place, each in zip(fitted.out_of_fold.argmax(1), given, strict=True)
    ]
    return {
        "n_labels": len(given),
        "n_contexts": len({each.context_id for each in given}),
        "n_passing": found.n_good,
        "auroc": found.auroc,
        "auroc_low": found.low,
        "auroc_high": found.high,
        "agreement": sum(right) / len(right),
        "strength": fitted.strength,
    }
