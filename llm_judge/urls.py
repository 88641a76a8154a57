from django.urls import path

from llm_judge.views import cost, endpoints, judges, probes, progress, raters, runs, trials

urlpatterns = [
    path("runs/", runs.runs, name="runs"),
    path("runs/new/", runs.new_run, name="new_run"),
    path("runs/start/", runs.start_run, name="start_run"),
    path("runs/<int:run_id>/steer/", runs.steer_run, name="steer_run"),
    path("runs/progress/", progress.run_progress, name="run_progress"),
    path("cost/", cost.cost, name="cost"),
    path("probes/", probes.probes, name="probes"),
    path("probes/start/", probes.start_probes, name="start_probes"),
    path("judges/", judges.judges, name="judges"),
    path("judges/panel/", judges.make_panel, name="make_panel"),
    path("judges/student/", judges.fit_student, name="fit_student"),
    path("judges/<int:judge_id>/promote/", judges.promote_judge, name="promote_judge"),
    path("raters/new/", raters.new_rater, name="new_rater"),
    path("trials/<int:trial_id>/", trials.trial, name="trial"),
    path("trials/<int:trial_id>/candidate/", trials.make_candidate, name="make_candidate"),
    path("endpoints/", endpoints.endpoints, name="endpoints"),
    path("endpoints/<int:endpoint_id>/look/", endpoints.look_at_endpoint, name="look_at_endpoint"),
    path("endpoints/<int:endpoint_id>/raters/", endpoints.place_rater, name="place_rater"),
]
