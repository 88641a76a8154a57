"""Headers of pages, files and answers of the API; production settings leave Django's own check nothing to say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from judge.models import Project, User

Browse = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def test_every_page_bears_the_headers(browse: Browse, project: Project, lea: User) -> None:
    for client, path in (
        (Client(), "/login/"),
        (browse(lea), f"/projects/{project.slug}/"),
        (browse(lea), "/nowhere/"),
    ):
        headers = client.get(path).headers
        assert "camera=()" in headers["Permissions-Policy"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_the_content_policy_lets_nothing_in_but_our_own_files(browse: Browse, project: Project, lea: User) -> None:
    policy = browse(lea).get(f"/projects/{project.slug}/").headers["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";") if part.strip())
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == parts["connect-src"] == parts["form-action"] == "'self'"
    assert parts["frame-ancestors"] == parts["base-uri"] == "'none'"
    assert "unsafe" not in policy


def test_private_pages_are_kept_by_nobody(browse: Browse, project: Project, lea: User, ann: User) -> None:
    for path in ("/", f"/projects/{project.slug}/", f"/projects/{project.slug}/members/"):
        assert "no-store" in browse(lea).get(path).headers["Cache-Control"]
    assert "no-store" in browse(ann).get(f"/projects/{project.slug}/members/").headers["Cache-Control"], "a refusal too"
    assert "no-store" in Client().get("/login/").headers["Cache-Control"]


def test_styles_and_scripts_are_kept_for_good(browse: Browse, project: Project, lea: User) -> None:
    from judge import assets

    assert "immutable" in browse(lea).get(assets.bundle("site.css").url).headers["Cache-Control"]


def test_a_form_without_its_token_is_refused(project: Project, lea: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(lea)
    assert client.post(f"/projects/{project.slug}/members/", {"username": "x"}).status_code == 403
    assert client.post(f"/projects/{project.slug}/texts/", {"what": "item", "id": "x"}).status_code == 403


def test_deploy_check_of_production_settings_is_clean() -> None:
    environment = os.environ | {
        "COJUDGE_HTTPS": "1", "COJUDGE_HOSTS": "judge.example.org", "COJUDGE_SECRET_KEY": "k3Y-" + "x7Qm!pZ9" * 8,
        "COJUDGE_DEBUG": "", "COJUDGE_ORIGINS": "https://judge.example.org",
    }  # fmt: skip
    words = [sys.executable, "-W", "error::UserWarning", "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    done = subprocess.run(
        words, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout
