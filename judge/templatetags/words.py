"""The words of the court as people read them: every enum value in prose, ready for translation."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

WORDS: Mapping[str, Mapping[str, Promise | str]] = {
    "stage": {
        "imported": _("waiting for the judge"),
        "accepted": _("accepted by the judge"),
        "people": _("waiting for people"),
        "adjudication": _("waiting for an adjudicator"),
        "agreed": _("agreed"),
    },
    "waits_for": {
        "imported": _("judge"),
        "accepted": _("accepted"),
        "people": _("people"),
        "adjudication": _("adjudicator"),
        "agreed": _("agreed"),
    },
    "stream": {"train": _("train"), "certify": _("certify"), "gold": _("gold"), "open": _("open")},
    "basis": {
        "judge": _("judge"),
        "single": _("one person"),
        "consensus": _("consensus"),
        "adjudicated": _("adjudicated"),
    },
    "status": {"live": _("in force"), "in_doubt": _("in doubt"), "withdrawn": _("withdrawn")},
    "role": {
        "annotator": _("annotator"),
        "adjudicator": _("adjudicator"),
        "lead": _("lead"),
        "trainer": _("trainer"),
        "viewer": _("viewer"),
    },
    "task": {
        "interest": _("interests"),
        "tag": _("tags"),
        "explanation": _("explanations"),
        "explanation-v2": _("explanations, seven criteria"),
        "pairwise": _("pairs"),
        "custom": _("own rubric"),
    },
    "purpose": {
        "vote": _("vote"),
        "extra": _("extra, after the case was settled"),
        "repeat": _("repeated to see whether the same person answers the same"),
        "gold_question": _("gold question"),
        "training": _("training"),
        "shown_first": _("given after the judge's view, to measure how far it sways people"),
        "adjudication": _("adjudication"),
        "imported": _("imported"),
    },
    "judge_kind": {"single": _("one model"), "panel": _("panel of models"), "student": _("student model")},
    "calibrator": {"identity": _("none: probabilities are the model's own")},
    "doubt": {
        "judges_disagree": _("its raters name different labels, so people answer"),
        "suspicious": _("the text tries to instruct the judge, so people answer"),
    },
    "suspicion": {
        "ignores_rubric": _("it tells the judge to ignore its instructions"),
        "dictates_answer": _("it dictates an answer"),
        "speaks_to_judge": _("it speaks to whoever judges"),
        "writes_marks": _("it holds marks of a prompt, or an answer"),
        "claims_approval": _("it claims that it was approved already"),
        "presses_judge": _("it threatens or bribes whoever judges"),
        "changes_rules": _("it claims that the rules have changed"),
        "hides_text": _("it holds hidden or disguised text"),
    },
    "scale": {
        "binary": _("two labels"),
        "graded": _("graded labels"),
        "nominal": _("named classes"),
        "preference": _("preference between two outputs"),
    },
    "cell": {
        "uncertified": _("not certified"),
        "certified": _("certified"),
        "suspended": _("suspended"),
        "stale": _("no longer valid"),
    },
    "ended": {
        "another judge is in force": _("another judge is in force"),
        "the rubric in force does not ask this": _("the rubric in force does not ask this"),
        "a later test accepts more": _("a later test accepts more"),
        "the server changed": _("the server changed"),
        "less disagreement is allowed now": _("less disagreement is allowed now"),
        "the promise must be surer now": _("the promise must be surer now"),
        "a lead withdrew it": _("a lead withdrew it"),
        "audits disagree with the judge too often": _("audits disagree with the judge too often"),
    },
    "batch": {
        "asked": _("its sample waits for people"),
        "passed": _("its sample passed"),
        "failed": _("its sample did not pass, so people answer all of it"),
    },
    "route": {"accept": _("accepted"), "people": _("sent to people")},
    "reason": {
        "certified": _("certified judge"),
        "no_certificate": _("no certificate"),
        "low_confidence": _("low confidence"),
        "judges_disagree": _("judges disagree"),
        "unscored": _("no usable answer from the judge"),
        "train_stream": _("train stream"),
        "certify_stream": _("certify stream"),
        "gold_stream": _("gold stream"),
        "audit": _("audit"),
        "suspended": _("certificate suspended"),
        "recheck": _("rechecked"),
        "suspicious": _("suspicious text"),
        "second_label": _("second label wanted"),
        "milestone": _("milestone"),
        "reopened": _("reopened"),
        "requested": _("requested"),
        "people_disagree": _("people disagree"),
        "label_doubted": _("label doubted"),
        "waiting_sample": _("sample of what waited"),
        "imported": _("people answered elsewhere"),
    },
    "why": {
        "certified": _("The judge is certified for this criterion and was confident enough."),
        "no_certificate": _("The judge is not certified for this criterion, so people answer."),
        "low_confidence": _("The judge was less confident than its certificate asks for."),
        "judges_disagree": _("The models of the judge do not agree with each other."),
        "unscored": _("The judge gave no answer that could be used. Nothing was guessed in its place."),
        "train_stream": _("The item was drawn at import to teach: people answer it in any case."),
        "certify_stream": _("The item was drawn at import to prove the judge: people answer it in any case."),
        "gold_stream": _("The item was drawn at import as a gold question: people answer it in any case."),
        "audit": _("Accepted, and drawn at random to be shown to people as well."),
        "suspended": _("The certificate of the judge is suspended, so people answer."),
        "recheck": _("An alarm asked for this label to be looked at again."),
        "suspicious": _("The text tries to instruct the judge or hides characters, so people answer."),
        "second_label": _("One more person was asked, to measure how well people agree."),
        "milestone": _("Drawn at random at a milestone: people's answers show whether the judge is still as good."),
        "reopened": _("A lead opened the case again."),
        "requested": _("A lead asked for people's answers."),
        "people_disagree": _("The people who answered do not agree, so one more was asked."),
        "label_doubted": _("People agree, but labels like this are wrong too often, so one more was asked."),
        "waiting_sample": _(
            "Drawn at random of the cases that waited when the certificate came: people answer it first."
        ),
        "imported": _("People answered it before it came here, and their answers were imported."),
    },
    "then": {
        "imported": _("It goes to the judge again."),
        "accepted": "",
        "people": "",
        "adjudication": _("People did not agree, or flagged it: an adjudicator decides."),
        "agreed": _("It is settled."),
    },
    "verb": {
        "project created": _("Project created"),
        "rubric put in force": _("Rubric put in force"),
        "policy put in force": _("Policy put in force"),
        "judge put in force": _("Judge put in force"),
        "judge made": _("Candidate judge made"),
        "judge tested": _("Judge tested on certify cases"),
        "certificate stale": _("Certificate withdrawn"),
        "certificate reinstated": _("Certificate in force again"),
        "certificates asked for": _("Test of the judge asked for"),
        "certificates done": _("Judge tested, criterion by criterion"),
        "certificates not done": _("Test of the judge not possible"),
        "waiting cases sampled": _("Sample drawn of the cases that wait"),
        "waiting cases tested": _("Sample of the cases that wait tested"),
        "milestone drawn": _("Milestone drawn"),
        "milestone passes": _("Milestone answered: the judge passes"),
        "milestone degraded": _("Milestone answered: the judge is degraded"),
        "prompt tried": _("Prompt tried"),
        "items imported": _("Items imported"),
        "judgments imported": _("Answers imported"),
        "member added": _("Member added"),
        "member removed": _("Member's role removed"),
        "comparison asked for": _("Comparison asked for"),
        "alarm": _("Alarm: certificate suspended"),
        "certify rate raised": _("More certify items drawn, as an alarm stands"),
        "judged": _("Cases answered"),
        "corrected": _("Answers corrected"),
        "labels exported": _("Labels exported"),
        "sent back": _("Case sent back to people"),
        "case reopened": _("Case opened again"),
        "label overturned": _("Label overturned"),
        "terms set": _("Terms of work set"),
        "paused": _("Person paused"),
        "paused by gold questions": _("Person paused by their answers to gold questions"),
        "resumed": _("Person goes on"),
        "items assigned": _("Items assigned"),
        "assignments ended": _("Assignments ended"),
        "invited": _("Person invited"),
        "texts erased": _("Texts erased"),
        "retention set": _("Time of keeping texts set"),
        "log exported": _("Log exported"),
        "probes asked for": _("Probes of the judge asked for"),
        "judge probed": _("Judge probed"),
        "run started": _("Judging started"),
        "run replaced": _("Judging started anew"),
        "run: pause": _("Judging paused"),
        "run: resume": _("Judging resumed"),
        "run: cancel": _("Judging cancelled"),
    },
    "milestone": {"asked": _("with people"), "passes": _("passes"), "degraded": _("degraded")},
    "slice": {"language": _("language"), "category": _("category"), "generator": _("generator")},
    "flip": {
        "lost": _("the first was right, the second errs"),
        "both": _("both err"),
        "gained": _("the second is right, the first erred"),
    },
    "tier": {"S": _("superior"), "A": _("average"), "B": _("bad")},
    "unscored": {"skipped": _("skipped"), "flagged": _("flagged")},
}


@register.filter
def word(value: object, kind: str) -> str:
    """The word for ``value`` of a ``kind``; a value without a word is shown as it is stored."""
    key = str(value)
    return str(WORDS[kind].get(key, key.replace("_", " ")))


@register.filter
def percent(share: float | None) -> str:
    """``0.834`` → ``83 %``; nothing for None."""
    return "" if share is None else f"{share:.0%}".replace("%", " %")


@register.filter
def ended(reason: str) -> str:
    """Why a certificate does not hold: the part before the first colon in the reader's words, what follows as it is."""
    known, colon, detail = reason.partition(": ")
    return f"{WORDS['ended'].get(known, known)}{colon}{detail}"


@register.filter
def tenths(share: float | None) -> str:
    """``0.0834`` → ``8.3 %``; nothing for None."""
    return "" if share is None else f"{share:.1%}".replace("%", " %")


@register.filter
def points(difference: float) -> str:
    """``-0.0834`` → ``−8.3 points``: a difference of two shares."""
    return str(_("%(n)s points") % {"n": f"{100 * difference:.1f}".replace("-", "−")})


@register.filter
def exact(share: float) -> str:
    """``0.125`` → ``12.5 %``: what somebody chose, with all its places."""
    return f"{100 * share:g} %"


@register.filter
def at(found: Mapping[object, object], key: object) -> object:
    """What a mapping holds for a key that is known only in the template."""
    return found.get(key, "")
