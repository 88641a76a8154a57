"""The page Agreement: what people's answers are worth to each other, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from django.test import Client
from django.urls import reverse

from judge.actions import agreements, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Item, Project, User
from tests import factories

pytestmark = pytest.mark.django_db

Browse = Callable[[User], Client]


def answer(project: Project, people: Sequence[User], say: Callable[[int, int], str], *, n: int = 40) -> list[Item]:
    """Each person answers relevance on n items: ``say(place of the item, place of the person)``."""
    items = factories.import_items(project, n=n)
    for who, person in enumerate(people):
        rater = projects.rater_of(person)
        new = [
            NewJudgment(factories.cases_of(item)["relevance"].pk, label=say(place, who))
            for place, item in enumerate(items)
        ]
        judgments.record(new, rater=rater, by=person)
    return items


def alternate_but(odd: int) -> Callable[[int, int], str]:
    """Everybody says the same, but for the second person on one item."""
    return lambda item, who: "fits" if (item % 2 == 1) != (item == odd and who == 1) else "weak"


def page(browse: Browse, person: User, project: Project) -> str:
    response = browse(person).get(reverse("agreement", kwargs={"slug": project.slug}))
    assert response.status_code == 200
    return response.content.decode()


def test_people_who_agree_are_told_so(browse: Browse, project: Project, lea: User, ann: User, ben: User) -> None:
    answer(project, [ann, ben], alternate_but(-1))
    assert agreements.refresh(project)
    text = page(browse, lea, project)
    assert "People agree well." in text
    figures = agreements.read(project).data["criteria"][0]  # type: ignore[union-attr]
    assert figures["all"]["n"] == figures["all"]["agree"] == 40
    assert figures["all"]["alpha"]["value"] == 1.0
    assert figures["pairs"][0]["kappa"]["value"] == 1.0


def test_noise_is_called_noise(browse: Browse, project: Project, lea: User, ann: User, ben: User) -> None:
    # two independent coins, each combination ten times: agreement 1/2 where chance gives 1/2
    answer(project, [ann, ben], lambda item, who: "fits" if (item >> who) & 1 else "weak")
    agreements.refresh(project)
    assert "These labels are noise" in page(browse, lea, project)


def test_one_label_for_everything_is_no_agreement(
    browse: Browse, project: Project, lea: User, ann: User, ben: User
) -> None:
    answer(project, [ann, ben], lambda item, who: "fits")
    agreements.refresh(project)
    text = page(browse, lea, project)
    assert "cannot be told" in text


def test_cases_that_people_split_on_lead_to_their_pages(
    browse: Browse, project: Project, lea: User, ann: User, ben: User
) -> None:
    items = answer(project, [ann, ben], alternate_but(3))
    agreements.refresh(project)
    text = page(browse, lea, project)
    assert reverse("item", kwargs={"slug": project.slug, "item_id": items[3].pk}) in text
    assert "at most 1 of 2" in text


def test_a_third_answer_asked_because_two_differ_is_not_counted(
    project: Project, ann: User, ben: User, cleo: User
) -> None:
    answer(project, [ann, ben], alternate_but(0))
    before = agreements.measure(project)["criteria"][0]["all"]
    case = factories.cases_of(Item.objects.order_by("pk")[0])["relevance"]
    judgments.record([NewJudgment(case.pk, label="weak")], rater=projects.rater_of(cleo), by=cleo)
    assert agreements.measure(project)["criteria"][0]["all"] == before


def test_certify_cases_are_never_counted(project: Project, ann: User, ben: User) -> None:
    answer(project, [ann, ben], alternate_but(-1))
    Item.objects.filter(project=project).update(stream="certify")
    assert agreements.measure(project) == {"criteria": []}


def test_names_are_for_leads(browse: Browse, project: Project, lea: User, tim: User, ann: User, ben: User) -> None:
    answer(project, [ann, ben], alternate_but(-1))
    agreements.refresh(project)
    assert "Ann" in page(browse, lea, project)
    assert "Ann" not in page(browse, tim, project)


def test_nothing_is_counted_twice(project: Project, ann: User, ben: User) -> None:
    assert agreements.refresh(project)
    assert not agreements.refresh(project)
    answer(project, [ann, ben], alternate_but(-1))
    assert agreements.refresh(project)
    assert not agreements.refresh(project)


def test_an_annotator_and_a_stranger_stay_out(browse: Browse, project: Project, ann: User, stranger: User) -> None:
    url = reverse("agreement", kwargs={"slug": project.slug})
    assert browse(ann).get(url).status_code == 403
    assert browse(stranger).get(url).status_code == 404


def test_page_without_answers_says_what_is_missing(browse: Browse, project: Project, lea: User) -> None:
    assert "No case has two answers" in page(browse, lea, project)
