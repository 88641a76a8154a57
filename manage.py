#!/usr/bin/env python
"""Run a command of Cojudge. Without DATABASE_URL the embedded database is started if it does not run."""

from __future__ import annotations

import sys


def main() -> None:
    from judge import embedded
    from judge.errors import ServiceError

    try:
        embedded.prepare(sys.argv)
        embedded.step_back(sys.argv)
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except ServiceError as error:
        sys.exit(f"cojudge: {error}")
    except KeyboardInterrupt:
        print("cojudge: stopped", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if not (said := embedded.explain(error)):
            raise
        sys.exit(f"cojudge: {said}")


if __name__ == "__main__":
    main()
