from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from judge.actions import judgments
from judge.actions.judgments import NewJudgment
from judge.models import Item, Project, Rater, Role, User
from judge.rules.rubrics import RubricRecord
from judge.rules.scales import Question, ScaleKind, ScaleLabel
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]


def url(item: Item) -> str:
    return f"/projects/{item.project.slug}/items/{item.pk}/"


@pytest.fixture
def judged(project: Project) -> Item:
    """An item whose relevance a machine has judged, with a planted rationale."""
    rater = stories.make_judge(project)
    item = factories.import_items(project)[0]
    stories.machine_says(rater, stories.first_case(item), share=0.75)
    return item


def test_lead_reads_why_the_case_is_with_people_and_what_the_machine_thinks(
    browse: Browse, lea: User, judged: Item
) -> None:
    page = browse(lea).get(url(judged)).text

    assert "The judge is not certified for this criterion" in page
    assert "75 %" in page
    assert stories.MARKER in page
    assert "waits for the judge's first answer" in page  # the other criterion


def test_history_names_the_label_its_basis_and_what_it_superseded(
    browse: Browse, lea: User, judged: Item, ann: User, ben: User, ada: User
) -> None:
    case = stories.first_case(judged)
    stories.split(case, ann, ben)
    case.refresh_from_db()
    stories.decide(ada, case, "weak")

    page = browse(lea).get(url(judged)).text

    assert "adjudicated" in page
    assert "flagged" in page
    assert "what is this?" in page
    assert "Ann" in page


def test_others_than_leads_read_answers_without_names(
    browse: Browse, judged: Item, project: Project, ann: User
) -> None:
    stories.person_says(ann, stories.first_case(judged), "fits", note="my own words")
    viewer = factories.make_member(project, "vic", Role.VIEWER)

    page = browse(viewer).get(url(judged)).text

    assert "Person 1" in page
    assert "my own words" in page
    assert "Ann<" not in page


def test_answers_of_the_certify_stream_are_shown_to_nobody(browse: Browse, lea: User, ann: User, ben: User) -> None:
    project = factories.make_project("Certify", certify_rate=1.0)
    for person, role in ((lea, Role.LEAD), (ann, Role.ANNOTATOR), (ben, Role.ANNOTATOR)):
        factories.make_member(project, person.username, role)
    item = factories.import_items(project)[0]
    stories.person_says(ann, stories.first_case(item), "weak", note="PLANTED-NOTE")
    stories.person_says(ben, stories.first_case(item), "weak")

    page = browse(lea).get(url(item)).text

    assert "hidden: certify stream" in page
    assert "PLANTED-NOTE" not in page
    assert "mark--fail" not in page


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR])
def test_people_who_answer_never_open_the_file(browse: Browse, judged: Item, project: Project, role: Role) -> None:
    response = browse(factories.make_member(project, "kim", role)).get(url(judged))

    assert response.status_code == 403
    assert stories.MARKER not in response.text


def test_lead_who_also_answers_is_kept_blind_until_the_case_is_settled(
    browse: Browse, judged: Item, project: Project, ann: User, ben: User
) -> None:
    both = factories.make_member(project, "bo", Role.LEAD, Role.ANNOTATOR)

    page = browse(both).get(url(judged)).text
    assert stories.MARKER not in page
    assert "75 %" not in page
    assert "answers are given blind" in page

    for person in (ann, ben):
        stories.person_says(person, stories.first_case(judged), "fits")
    assert stories.MARKER in browse(both).get(url(judged)).text


def test_lead_who_also_adjudicates_is_kept_blind_while_the_case_waits_for_them(
    browse: Browse, judged: Item, project: Project, ann: User, ben: User
) -> None:
    both = factories.make_member(project, "bo", Role.LEAD, Role.ADJUDICATOR)
    assert stories.MARKER in browse(both).get(url(judged)).text

    stories.split(stories.first_case(judged), ann, ben)

    assert stories.MARKER not in browse(both).get(url(judged)).text


def test_hostile_text_is_shown_as_text(browse: Browse, lea: User, project: Project, ann: User) -> None:
    line: dict[str, object] = {
        "id": stories.HOSTILE,
        "context": {stories.HOSTILE: [stories.HOSTILE]},
        "output": stories.HOSTILE,
    }
    item = factories.import_items(project, lines=[line])[0]
    stories.person_says(ann, stories.first_case(item), "fits", note=stories.HOSTILE)

    page = browse(lea).get(url(item)).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;alert") >= 4


def test_stranger_finds_no_item_and_neither_does_a_lead_of_another_project(
    browse: Browse, judged: Item, stranger: User, lea: User
) -> None:
    assert browse(stranger).get(url(judged)).status_code == 404
    assert browse(stranger).get(f"/projects/elsewhere/items/{judged.pk}/").status_code == 404


def test_item_cannot_be_posted_to(browse: Browse, judged: Item, lea: User) -> None:
    assert browse(lea).post(url(judged)).status_code == 405


def test_queries_do_not_grow_with_cases_and_answers(
    browse: Browse, lea: User, judged: Item, ann: User, ben: User,
    django_assert_max_num_queries: Callable[..., object],
) -> None:  # fmt: skip
    for person in (ann, ben):
        stories.person_says(person, stories.first_case(judged), "fits")
    client, page = browse(lea), url(judged)
    with django_assert_max_num_queries(10):  # type: ignore[attr-defined]
        client.get(page)


@pytest.mark.parametrize("role", [Role.LEAD, Role.VIEWER, Role.TRAINER])
def test_reader_who_may_still_answer_reads_nobodys_answer_before_their_own(
    browse: Browse, project: Project, ann: User, role: Role
) -> None:
    item = factories.import_items(project)[0]
    stories.person_says(ann, stories.first_case(item), "weak", note="PLANTED-NOTE")
    both = factories.make_member(project, "bo", role, Role.ANNOTATOR)

    page = browse(both).get(url(item)).text
    assert "PLANTED-NOTE" not in page
    assert "mark--fail" not in page
    assert "hidden: certify stream" not in page
    assert page.count("answers are given blind") == 4  # machines and people of both cases

    stories.person_says(both, stories.first_case(item), "fits")
    page = browse(both).get(url(item)).text
    assert "PLANTED-NOTE" in page
    assert page.count("answers are given blind") == 2 + 1  # the other case still waits for their answer


def test_a_skip_does_not_open_others_answers(browse: Browse, project: Project, ann: User) -> None:
    item = factories.import_items(project)[0]
    both = factories.make_member(project, "bo", Role.LEAD, Role.ANNOTATOR)
    stories.person_says(ann, stories.first_case(item), "weak", note="PLANTED-NOTE")
    stories.person_skips(both, stories.first_case(item))

    assert "PLANTED-NOTE" not in browse(both).get(url(item)).text, "a skip may still become an answer"


def test_reader_who_does_not_annotate_reads_answers_while_they_come(
    browse: Browse, project: Project, lea: User, ann: User
) -> None:
    item = factories.import_items(project)[0]
    stories.person_says(ann, stories.first_case(item), "weak", note="PLANTED-NOTE")

    assert "PLANTED-NOTE" in browse(lea).get(url(item)).text


def test_tier_is_told_by_the_machine_until_people_agree(
    browse: Browse, lea: User, judged: Item, ann: User, ben: User
) -> None:
    rater = Rater.objects.get(name="Small model")
    assert "Tier" not in browse(lea).get(url(judged)).text  # a criterion is missing

    stories.machine_says(rater, stories.first_case(judged, "specificity"), share=0.75)
    page = browse(lea).get(url(judged)).text
    assert "Tier by the machine" in page
    assert "which nobody has checked" in page
    assert "by the agreed labels" not in page

    for case in factories.cases_of(judged).values():
        for person in (ann, ben):
            stories.person_says(person, case, case.criterion.question.label_keys[0])
    assert "by the agreed labels" in browse(lea).get(url(judged)).text


def test_somebody_who_may_still_answer_reads_no_tier_of_the_machine(
    browse: Browse, lea: User, judged: Item, project: Project
) -> None:
    stories.machine_says(Rater.objects.get(name="Small model"), stories.first_case(judged, "specificity"))
    factories.make_member(project, lea.username, Role.ANNOTATOR)

    assert "Tier" not in browse(lea).get(url(judged)).text


def test_pair_whose_label_hangs_on_the_order_says_so(browse: Browse, lea: User) -> None:
    labels = tuple(ScaleLabel(key, None) for key in ("a", "equal", "b"))
    rubric = RubricRecord("pairs", (Question("better", "Which is better?", labels, ScaleKind.PREFERENCE),))
    pairs = factories.make_project("Pairs", rubric=rubric)
    factories.make_member(pairs, lea.username, Role.LEAD)
    rater = stories.make_judge(pairs)
    steady, swayed = factories.import_items(
        pairs, lines=[{"id": name, "context": "c", "output": {"a": name, "b": "y"}} for name in ("steady", "swayed")]
    )
    for item, second in ((steady, 0.7), (swayed, 0.1)):
        by_order = {"ab": {"a": 0.8, "b": 0.2}, "ba": {"a": second, "b": 1 - second}}
        new = NewJudgment(item.cases.get().pk, "a", probs={"a": 0.6, "b": 0.4}, by_order=by_order)
        judgments.record([new], rater=rater)

    note = "the place weighed more than the text"
    assert note in browse(lea).get(url(swayed)).text
    assert note not in browse(lea).get(url(steady)).text


def test_graded_answers_show_their_expected_score(browse: Browse, lea: User) -> None:
    marks = (ScaleLabel("excellent", True), ScaleLabel("good", True), ScaleLabel("bad", False))
    rubric = RubricRecord("graded", (Question("clarity", "Is it clear?", marks, ScaleKind.GRADED),))
    graded = factories.make_project("Graded", rubric=rubric)
    factories.make_member(graded, lea.username, Role.LEAD)
    rater, (item,) = stories.make_judge(graded), factories.import_items(graded)
    probs = {"excellent": 0.5, "good": 0.25, "bad": 0.25}  # .5·1 + .25·.5 + 0 = .625
    judgments.record([NewJudgment(item.cases.get().pk, "excellent", probs=probs)], rater=rater)

    assert "Expected score 0.63" in browse(lea).get(url(item)).text
