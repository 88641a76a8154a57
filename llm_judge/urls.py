from django.urls import path

from llm_judge.views import runs

urlpatterns = [
    path("runs/", runs.runs, name="runs"),
    path("runs/start/", runs.start_run, name="start_run"),
    path("runs/<int:run_id>/steer/", runs.steer_run, name="steer_run"),
]
