"""Doctor checks of the court: Python, database, broker, disk, ports. The siblings add their own to the registry."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from judge import embedded, ports
from judge.registry import Finding

LEAST_FREE_GB = 1.0
PYTHONS = ((3, 12), (3, 13))


def check_python() -> list[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    is_well = sys.version_info[:2] in PYTHONS
    return [Finding("Python", is_well, version, "Use 3.13 or 3.12: make setup PYTHON=/path/to/python3.13")]


def check_database() -> list[Finding]:
    try:
        return _look_at_database()
    except (OperationalError, InterfaceError) as error:
        if not (fault := embedded.find_fault(error)):
            raise
        return [Finding("database", False, fault, embedded.DATABASE_REMEDY)]


def _look_at_database() -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('synchronous_commit')")
        version, commit = cursor.fetchone()
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return [
        Finding("database", True, f"PostgreSQL {version}, {connection.settings_dict['HOST'] or 'local socket'}"),
        Finding(
            "durable commits", commit != "off", f"synchronous_commit={commit}", "Turn it on: answers could be lost"
        ),
        Finding(
            "tables", not missing, f"{missing} migrations missing" if missing else "up to date", "manage.py migrate"
        ),
    ]


def check_broker() -> list[Finding]:
    if not settings.BROKER_URL:
        return [Finding("broker", True, "none named: commands do the work themselves; make demo and serve bring one")]
    from kombu import Connection
    from kombu.exceptions import OperationalError

    shown = urlsplit(settings.BROKER_URL)._replace(netloc=urlsplit(settings.BROKER_URL).hostname or "").geturl()
    try:
        with Connection(settings.BROKER_URL, connect_timeout=3) as broker:
            broker.ensure_connection(max_retries=1, timeout=3)
    except (OSError, OperationalError) as error:
        return [Finding("broker", False, f"{shown}: {error}", "Start it, or correct BROKER_URL")]
    return [Finding("broker", True, shown)]


def check_disk() -> list[Finding]:
    from judge.services import state

    folder = state.folder()
    free = shutil.disk_usage(folder).free / 1e9
    return [Finding("disk", free >= LEAST_FREE_GB, f"{free:.1f} GB free beside {folder}", "Free at least 1 GB")]


def check_ports() -> list[Finding]:
    detail = (
        "free" if ports.is_free(ports.FIRST) else "taken (by us or another program); the next free one will be used"
    )
    return [Finding(f"port {ports.FIRST}", True, detail)]


def check_secrets() -> list[Finding]:
    is_well = bool(os.environ.get("COJUDGE_SECRET_KEY"))
    return [
        Finding("secret key", is_well, "set" if is_well else "missing", "Set COJUDGE_SECRET_KEY to a long random text")
    ]


CHECKS: dict[str, Callable[[], list[Finding]]] = {
    "Python": check_python,
    "database": check_database,
    "broker": check_broker,
    "disk": check_disk,
    "ports": check_ports,
    "secrets": check_secrets,
}
