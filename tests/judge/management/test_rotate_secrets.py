from __future__ import annotations

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from judge.models import Project, User, Webhook
from judge.services import secrets

OLD, NEW = "the old key which is long enough by far", "the new key which is long enough as well"


@pytest.fixture
def stored(project: Project, ann: User, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A webhook and a second factor, encrypted under the old key."""
    monkeypatch.setenv("COJUDGE_SECRETS_KEY", OLD)
    Webhook.objects.create(project=project, url="https://one.example/", kinds=["alarm"], secret=secrets.hide("hook"))
    Authenticator.objects.create(
        user=ann, type=Authenticator.Type.TOTP, data={"secret": secrets.hide("totp"), "used": [1]}
    )
    return project


def test_after_the_rotation_the_old_key_may_go(stored: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COJUDGE_SECRETS_KEY", f"{NEW},{OLD}")
    out = StringIO()
    call_command("rotate_secrets", stdout=out)
    monkeypatch.setenv("COJUDGE_SECRETS_KEY", NEW)
    assert "2 secrets" in out.getvalue()
    assert secrets.reveal(Webhook.objects.get().secret) == "hook"
    data = Authenticator.objects.get().data
    assert (secrets.reveal(data["secret"]), data["used"]) == ("totp", [1])


def test_without_the_old_key_nothing_is_changed(stored: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COJUDGE_SECRETS_KEY", NEW)
    before = Webhook.objects.get().secret
    with pytest.raises(CommandError, match="cannot be read with the keys"):
        call_command("rotate_secrets")
    assert Webhook.objects.get().secret == before
