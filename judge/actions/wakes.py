"""Wake-up calls: a worker looks at once at what it would look at within a minute anyway. None is ever owed."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

#: A process calls once in so many seconds, and after a failure leaves the broker alone for longer: whoever submits
#: must not wait for it.
EVERY, AFTER_FAILURE = 5.0, 60.0
_next_call = 0.0


def watch_audits() -> bool:
    """Call a worker to read the audits; whether one was called. Never fails: no broker, no call."""
    global _next_call
    now = time.monotonic()
    if not settings.BROKER_URL or now < _next_call:
        return False
    _next_call = now + AFTER_FAILURE
    try:
        current_app.send_task("judge.tasks.watch_audits", retry=False, expires=60, countdown=EVERY)
    except (OperationalError, OSError) as error:
        logger.warning("no worker was called to read audits: %s; beat calls one within a minute", error)
        return False
    _next_call = now + EVERY
    return True
