"""A PostgreSQL of our own for each test run, unless DATABASE_URL names one. Loaded by pytest before Django."""

from __future__ import annotations

import atexit
import os

from judge.services.postgres import throwaway_postgres

os.environ.setdefault("COJUDGE_SECRET_KEY", "tests sign nothing that matters")
if "DATABASE_URL" not in os.environ:
    _cluster = throwaway_postgres()
    os.environ["DATABASE_URL"] = _cluster.__enter__().url
    atexit.register(_cluster.__exit__, None, None, None)
