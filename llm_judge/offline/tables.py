"""Cases as rows of a table, and answers as rows of another: what a job on a cluster reads and writes. No Django."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judge.errors import InputError
from judge.formats.questions import content_hash, question_from_dict, question_to_dict
from judge.rules.scales import Question
from llm_judge.backends.judging import CaseAnswer
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.records import CompletionFailure, CompletionResult, Reply, Scored, Unscored, UnscoredReason
from llm_judge.rules.scoring import JudgeCase

FORMAT = 1
#: Column → type, as ``pyarrow.field`` names types. ``context``, ``output``, ``probs``, ``by_order`` hold JSON.
ITEM_COLUMNS: Mapping[str, str] = {
    "case_id": "int64",
    "question": "string",
    "language": "string",
    "context": "string",
    "output": "string",
}
JUDGMENT_COLUMNS: Mapping[str, str] = {
    "case_id": "int64",
    "batch": "string",
    "rater": "string",
    "label": "string",
    "probs": "string",
    "by_order": "string",
    "outside_mass": "float64",
    "text": "string",
    "rationale": "string",
    "unscored_reason": "string",
    "detail": "string",
    "replied": "string",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "cached_tokens": "int64",
    "latency_ms": "float64",
    "retried": "string",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What a job needs to know beside the items: who judges, by which questions, and for which export."""

    batch: str
    project: str
    judge: int
    rater_hash: str
    configuration: RaterConfiguration
    questions: Mapping[str, Question]

    def as_json(self) -> str:
        record = {
            "format": FORMAT,
            "batch": self.batch,
            "project": self.project,
            "judge": self.judge,
            "rater": self.rater_hash,
            "configuration": self.configuration.as_record(),
            "questions": {each: question_to_dict(question) for each, question in self.questions.items()},
        }
        return json.dumps(record, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, *, where: str = "rater.json") -> Order:
        """Raises InputError for a file that is no order, or whose configuration is not the one it names."""
        try:
            record = json.loads(text)
            if record["format"] != FORMAT:
                raise InputError(f"the format is {record['format']}", where=where, expected=str(FORMAT))
            configuration = RaterConfiguration.from_record(record["configuration"])
            questions = {each: question_from_dict(content) for each, content in record["questions"].items()}
            order = cls(record["batch"], record["project"], record["judge"], record["rater"], configuration, questions)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError("the file cannot be read", where=where, expected="as --to-parquet wrote it") from None
        order.check(where)
        return order

    def check(self, where: str) -> None:
        """What was changed by hand is another rater, or another question."""
        if self.configuration.content_hash() != self.rater_hash:
            problem = f"the configuration is not that of rater {self.rater_hash[:16]}"
            raise InputError(problem, where=where, expected="the file as --to-parquet wrote it")
        changed = [question.key for each, question in self.questions.items() if content_hash(question) != each]
        if changed:
            raise InputError(f"questions were changed: {', '.join(changed)}", where=where)


def item_record(case: JudgeCase, question: str) -> dict[str, Any]:
    """``question``: the hash of the case's question."""
    context, output = (json.dumps(each, ensure_ascii=False) for each in (case.context, case.output))
    return {
        "case_id": int(case.case_id),
        "question": question,
        "language": case.language,
        "context": context,
        "output": output,
    }


def case_of(record: Mapping[str, Any], questions: Mapping[str, Question]) -> JudgeCase:
    """The case that ``item_record`` wrote down."""
    question = questions.get(record["question"])
    if question is None:
        raise InputError(f"case {record['case_id']} asks a question that rater.json does not hold")
    context, output = json.loads(record["context"]), json.loads(record["output"])
    return JudgeCase(str(record["case_id"]), question, context, output, record["language"])


def judgment_record(answer: CaseAnswer, order: Order) -> dict[str, Any]:
    """One row for one case, scored or not; the calls behind it are added up."""
    said = answer.answer
    scored, unscored = (said, None) if isinstance(said, Scored) else (None, said)
    results = [reply for reply in answer.replies if isinstance(reply, CompletionResult)]
    return {
        "case_id": int(answer.case_id),
        "batch": order.batch,
        "rater": order.rater_hash,
        "label": scored.label if scored else None,
        "probs": json.dumps(dict(scored.probs)) if scored else None,
        "by_order": json.dumps({each: dict(probs) for each, probs in scored.by_order.items()}) if scored else None,
        "outside_mass": scored.outside_mass if scored else None,
        "text": scored.text if scored else "",
        "rationale": scored.rationale if scored else "",
        "unscored_reason": unscored.reason.value if unscored else "",
        "detail": unscored.detail if unscored else "",
        "replied": "\n".join(reply.text for reply in results),
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "cached_tokens": sum(reply.cached_tokens for reply in results),
        "latency_ms": answer.latency_ms,
        "retried": ",".join(reason.value for reason in answer.retried),
    }


def answer_of(record: Mapping[str, Any], labels: Sequence[str]) -> CaseAnswer:
    """The answer that ``judgment_record`` wrote down. Raises InputError for a row that cannot be one."""
    try:
        said = _read_scored(record, labels) if record["label"] is not None else _read_unscored(record)
        return CaseAnswer(str(record["case_id"]), said, (), (_read_reply(record, said),))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError(f"the judgment of case {record.get('case_id')} cannot be read") from None


def _read_scored(record: Mapping[str, Any], labels: Sequence[str]) -> Scored:
    probs, by_order = json.loads(record["probs"]), json.loads(record["by_order"] or "{}")
    for each in (probs, *by_order.values()):
        _check_probs(each, labels, record)
    if record["label"] != max(probs, key=lambda label: probs[label]):
        raise InputError(f"case {record['case_id']}: {record['label']} is not the likeliest label")
    outside = float(record["outside_mass"])
    return Scored(probs, outside, record["label"], record["text"], record["rationale"], by_order)


def _check_probs(probs: Mapping[str, float], labels: Sequence[str], record: Mapping[str, Any]) -> None:
    is_share = all(isinstance(each, float | int) and 0.0 <= each <= 1.0 for each in probs.values())
    if set(probs) != set(labels) or not is_share or not math.isclose(math.fsum(probs.values()), 1.0, abs_tol=1e-6):
        expected = f"{', '.join(labels)}, together 1"
        raise InputError(f"case {record['case_id']}: its probabilities are none", expected=expected)


def _read_unscored(record: Mapping[str, Any]) -> Unscored:
    return Unscored(UnscoredReason(record["unscored_reason"]), record["detail"])


def _read_reply(record: Mapping[str, Any], said: Scored | Unscored) -> Reply:
    """One reply stands for all the calls of the case."""
    retried = tuple(UnscoredReason(each) for each in record["retried"].split(",") if each)
    took = float(record["latency_ms"])
    if isinstance(said, Unscored) and not record["replied"]:
        return CompletionFailure(said.reason, said.detail, latency_ms=took, retried=retried)
    return CompletionResult(
        record["replied"],
        (),
        prompt_tokens=int(record["prompt_tokens"]),
        completion_tokens=int(record["completion_tokens"]),
        cached_tokens=int(record["cached_tokens"]),
        latency_ms=took,
        retried=retried,
    )
