"""The Celery app: the wake-up call. The truth of all work is rows in Postgres."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
app = Celery("cojudge")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
