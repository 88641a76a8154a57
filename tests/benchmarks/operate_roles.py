"""The matrix of roles: every address and every operation of the API, tried by everybody there can be."""

from __future__ import annotations

import os
import sys

from django.conf import settings
from django.db import transaction

from judge.models import Role
from tests import factories
from tests.architecture import test_roles as pages
from tests.architecture import test_roles_of_the_api as operations
from tests.benchmarks.figures import Figure
from tests.rows import make_world

FIGURES = {"operate.role_matrix_surprises": "0"}


def measure() -> list[Figure]:
    settings.BROKER_URL = os.environ["CELERY_BROKER_URL"] = "memory://"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.ALLOWED_HOSTS = ["testserver"]
    with transaction.atomic():
        world = make_world("Shop tags", factories.make_user("maker"))
        found = [each for who in pages.PEOPLE for each in pages.tried(world, who)]
        found += [each for role in Role.values for each in operations.tried(world, role)]
        for path in world.files:
            path.unlink(missing_ok=True)
    surprises = [what for what, is_as_marked in found if not is_as_marked]
    print("\n".join(surprises), file=sys.stderr)
    tried = f"{len(found)} requests to {len(pages.OURS)} pages and {len(operations.OPERATIONS)} operations"
    name, target = next(iter(FIGURES.items()))
    return [Figure(name, len(surprises), "surprises", target, met=not surprises, baseline=tried)]
