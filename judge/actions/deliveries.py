"""Deliveries: a worker sends what waits in the outbox, again and again until it is taken or a day has passed.

A message is claimed by moving its next try on; what a killed worker claimed comes again. So a receiver may meet one
twice, and knows it by its id.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from judge.actions import bulk, events, webhooks
from judge.models import Delivery
from judge.services import posting
from judge.services.posting import Answer

logger = logging.getLogger(__name__)

#: Messages sent at a time, and how many of them to one webhook: one slow receiver must not hold up the others.
BATCH, AT_ONCE, PER_HOOK = 64, 8, 16
#: Seconds between tries: 10 s, 30 s, … 3 h, so that the last comes about a day after the first.
FIRST_WAIT, FACTOR, LONGEST_WAIT, MOST_TRIES = 10, 3, 3 * 3600, 15
#: A claimed message that nobody reported on comes again after so many seconds.
LEASE = 120
KEPT = timedelta(days=30)
#: One call of the task ends after so many seconds; the next goes on.
TURN = 30.0

CLAIM = """
UPDATE judge_delivery d
SET n_tries = n_tries + 1, next_try_at = statement_timestamp() + make_interval(secs => %(lease)s)
FROM (
    SELECT id FROM judge_delivery
    WHERE id IN (SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY webhook_id ORDER BY next_try_at, id) AS place
        FROM (SELECT id, webhook_id, next_try_at FROM judge_delivery
              WHERE next_try_at <= statement_timestamp() ORDER BY next_try_at LIMIT 2000) due) numbered
        WHERE place <= %(per_hook)s ORDER BY place, id LIMIT %(batch)s)
      AND next_try_at <= statement_timestamp()
    FOR UPDATE SKIP LOCKED
) mine
WHERE d.id = mine.id
RETURNING d.id
"""


def send_all() -> int:
    """Send what is due; returns how many messages were tried. Two workers at once take different ones."""
    n_tried, until = 0, time.monotonic() + TURN
    while time.monotonic() < until:
        ids = [pk for (pk,) in bulk.execute(CLAIM, lease=LEASE, per_hook=PER_HOOK, batch=BATCH)]
        if not ids:
            break
        n_tried += len(ids)
        _send(list(Delivery.objects.filter(pk__in=ids).select_related("webhook__project").order_by("pk")))
    return n_tried


def forget_old() -> int:
    n_gone: int = Delivery.objects.filter(created_at__lt=Now() - KEPT, next_try_at=None).delete()[0]
    return n_gone


def _send(found: Sequence[Delivery]) -> None:
    """Bodies and signatures are made here; threads only talk to servers and touch no row."""
    at = int(time.time())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        tries = [(delivery, pool.submit(_post, delivery, webhooks.body_of(delivery), at)) for delivery in found]
        for delivery, trial in tries:
            _report(delivery, trial.result())


def _post(delivery: Delivery, body: bytes, at: int) -> Answer:
    webhook = delivery.webhook
    headers = {
        "Content-Type": "application/json", "User-Agent": "Cojudge", "Cojudge-Event": delivery.kind,
        "Cojudge-Delivery": str(delivery.key), "Cojudge-Signature": webhooks.signature(webhook, body, at=at),
    }  # fmt: skip
    return posting.post(webhook.url, body, headers, only_public=not webhook.is_trusted)


def _report(delivery: Delivery, answer: Answer) -> None:
    row = Delivery.objects.filter(pk=delivery.pk)
    if answer.is_taken:
        row.update(delivered_at=Now(), next_try_at=None, status=answer.status, trouble="")
        return
    logger.warning("webhook %d was not told %s: %s", delivery.webhook_id, delivery.key, answer.trouble)
    if delivery.n_tries >= MOST_TRIES:
        _give_up(delivery, answer)
    else:
        pause = timedelta(seconds=wait(delivery.n_tries))
        row.update(next_try_at=Now() + pause, status=answer.status, trouble=answer.trouble[:300])


@transaction.atomic
def _give_up(delivery: Delivery, answer: Answer) -> None:
    told = {"kind": delivery.kind, "trouble": answer.trouble[:300], "tries": delivery.n_tries}
    Delivery.objects.filter(pk=delivery.pk).update(
        next_try_at=None, status=answer.status, trouble=answer.trouble[:300]
    )  # fmt: skip
    events.note(delivery.webhook.project, "webhook not told", by=None, subject=f"delivery:{delivery.pk}", **told)


def wait(n_tries: int) -> int:
    """Seconds until the try after ``n_tries``.

    >>> [wait(n) for n in (1, 2, 3, 8, 14)]
    [10, 30, 90, 10800, 10800]
    """
    return int(min(FIRST_WAIT * FACTOR ** min(n_tries - 1, 20), LONGEST_WAIT))
