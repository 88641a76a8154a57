"""A panel of a student and others: what each of them says counts as much as people's labels show that it is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from judge.actions import judges, rubrics
from judge.errors import InputError
from judge.models import Judge, Judgment, Purpose, Rater, User
from llm_judge.actions import lessons, raters
from llm_judge.actions.lessons import Lesson
from llm_judge.models import StudentHead

#: Train cases on which all have spoken that one criterion's pool is fitted to at least; with fewer all count alike.
LEAST = 50

#: Probabilities by case id.
type Said = Mapping[int, Mapping[str, float]]


def join(judge: Judge, *, by: User | None, others: Sequence[Rater] = ()) -> Judge:
    """A candidate: this student beside ``others`` (without any: the raters of the judge in force).

    The weights are fitted, criterion by criterion, to people's labels of the train stream, on what the student said of
    them out of fold. Raises InputError where the others have not judged enough of those cases.
    """
    head: StudentHead = judge.student_head
    chosen = list(others) or _in_force(judge)
    said = [_out_of_fold(head), *(_answers(judge, rater) for rater in chosen)]
    criteria = {each.pk: each for each in rubrics.criteria_in_force(judge.project)}
    heard: dict[int, list[Lesson]] = defaultdict(list)
    for lesson in lessons.gather(judge.project):
        if all(lesson.case_id in each for each in said):
            heard[lesson.criterion_id].append(lesson)
    enough = {key: given for key, given in heard.items() if len(given) >= LEAST}
    if not enough:
        most = max(map(len, heard.values()), default=0)
        raise InputError(
            f"{', '.join(each.name for each in chosen)} judged {most} of the cases that the student learned from",
            expected=f"at least {LEAST} of one criterion",
            next_step=f"Run: manage.py judge_items {judge.project.slug}",
        )
    fitted = {
        criteria[key].content_hash: _fit(given, said, criteria[key].question.label_keys)
        for key, given in enough.items()
    }
    calibrator: dict[str, object] = {"kind": "by_criterion", "criteria": fitted, "otherwise": {"kind": "pool"}}
    name = " + ".join(each.name for each in (head.rater, *chosen))
    return judges.make(judge.project, [head.rater, *chosen], name=name, by=by, calibrator=calibrator)


def _fit(given: Sequence[Lesson], said: Sequence[Said], labels: Sequence[str]) -> dict[str, object]:
    import numpy as np

    from judge.stats.pooling import fit_pool, stack

    logs = stack([[each[lesson.case_id] for each in said] for lesson in given], labels)
    return fit_pool(logs, np.array([labels.index(each.label) for each in given])).as_calibrator(labels)


def _in_force(judge: Judge) -> list[Rater]:
    """The raters of the judge in force, earlier students aside: this one knows more."""
    seated = raters.seated(judge.project.judge) if judge.project.judge else []
    found = [each for each in seated if not StudentHead.objects.filter(rater=each).exists()]
    if not found:
        raise InputError(
            f"{judge.project.name} has no other judge in force that a student could sit beside",
            next_step="Put a language model in force first, or let the student judge alone.",
        )
    return found


def _out_of_fold(head: StudentHead) -> Said:
    return {int(case_id): probs for case_id, probs in head.out_of_fold.items()}


def _answers(judge: Judge, rater: Rater) -> Said:
    found = Judgment.objects.filter(
        case__project=judge.project_id,
        rater=rater,
        purpose__in=(Purpose.VOTE, Purpose.IMPORTED),
        probs__isnull=False,
        retracted_at=None,
    )
    return {case_id: probs or {} for case_id, probs in found.values_list("case_id", "probs")}
