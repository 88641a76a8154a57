"""An adjudicated case becomes an anchored example in the next version of the rubric."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from judge import access
from judge.actions import examples
from judge.errors import InputError
from judge.forms import ExampleForm
from judge.models import Case, Certificate, Role
from judge.rules.routing import CellState
from judge.views.case_files import title_of


@require_http_methods(["GET", "POST"])
@access.project(Role.LEAD)
def make_example(request: access.ProjectRequest, case_id: int) -> HttpResponse:
    """What it would be and what follows; a POST does it."""
    found = Case.objects.filter(project=request.project, pk=case_id)
    case = found.select_related("project", "criterion", "item__context").first()
    if case is None:
        raise Http404(_("There is no such case in this project."))
    proposed = examples.propose(case)
    form = ExampleForm(
        request.POST or None, initial={name: getattr(proposed, name) for name in ExampleForm.base_fields}
    )
    if request.method == "POST" and form.is_valid():
        try:
            rubric = examples.add(case, **form.cleaned_data, by=request.user)
        except InputError as error:
            form.add_error(None, str(error))
        else:
            words = _("Version %(n)d of the rubric is in force, with the example.")
            messages.success(request, words % {"n": rubric.version})
            return redirect("rubric", slug=request.project.slug)
    question = case.criterion.question.in_language(get_language() or "en")
    context = {
        "case": case,
        "question": question,
        "label": title_of(question, proposed.label),
        "is_certified": Certificate.objects.filter(criterion=case.criterion_id, state=CellState.CERTIFIED).exists(),
        "form": form,
    }
    return render(request, "judge/make_example.html", context, status=400 if form.errors else 200)
