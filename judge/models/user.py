from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person who logs in. What they may do in a project stands in its memberships."""

    LANGUAGES = [("", "as the browser asks"), ("en", "English"), ("zh-hans", "简体中文")]

    language = models.CharField(max_length=10, choices=LANGUAGES, blank=True, default="")
    is_demo = models.BooleanField(default=False, help_text="made by the demo, with a public password")

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.get_username()
