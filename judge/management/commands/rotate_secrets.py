from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from judge.cli import CojudgeCommand
from judge.models import Webhook
from judge.services import secrets


class Command(CojudgeCommand):
    help = "Encrypt every stored secret under the first key of COJUDGE_SECRETS_KEY; afterwards the others may go."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        n = 0
        for hook in Webhook.objects.select_for_update():
            hook.secret = secrets.renew(hook.secret)
            hook.save(update_fields=["secret"])
            n += 1
        for factor in Authenticator.objects.select_for_update():
            factor.data = {key: _renewed(value) for key, value in factor.data.items()}
            factor.save(update_fields=["data"])
            n += 1
        self.say(f"{n} secrets are encrypted under the first key")


def _renewed(value: object) -> object:
    return secrets.renew(value) if isinstance(value, str) and value.startswith(secrets.MARK) else value
