"""Where the lines of an import lie until they are looked at together: two temporary tables, filled by COPY."""

from __future__ import annotations

from typing import Any

from judge.actions import item_sql
from judge.formats.json_text import spell
from judge.formats.records import ItemRecord
from judge.rules.streams import uniform, uniform_pair

#: Items written at once, and characters of their texts: what bounds memory.
BATCH, MOST = 2_000, 4_000_000


class Staging:
    """Items in the order of their lines. A context that stands on line after line is spelled and sent once."""

    def __init__(self, cursor: Any, salt: str) -> None:
        self._cursor, self._salt = cursor, salt
        self._items: list[tuple[Any, ...]] = []
        self._contexts: list[tuple[Any, ...]] = []
        self._run, self._place, self._size = 0, 0, 0
        self._latest: tuple[Any, ...] = ()
        self._order = 0
        for statement in (item_sql.CREATE_STAGED_CONTEXT, item_sql.CREATE_STAGED_ITEM, item_sql.MORE_MEMORY):
            cursor.execute(statement)

    def add(self, number: int, record: ItemRecord) -> None:
        if self._latest != (told := (record.context_id, record.user, record.context)):
            self._begin_run(told)
        output, meta = spell(record.output), spell(record.meta) if record.meta else "{}"
        u, order = uniform_pair(self._salt, record.id)
        self._place += 1
        self._size += len(output) + len(meta) + len(record.prompt)
        self._items.append((
            self._place, number, self._run, record.id, record.kind, output, record.prompt, meta, record.generator,
            record.language, record.category, record.round, record.created_at, u, self._order + order,
        ))  # fmt: skip
        if len(self._items) >= BATCH or self._size >= MOST:
            self.write()

    def _begin_run(self, told: tuple[Any, ...]) -> None:
        """Contexts come in random order, the items of one context together (and in random order within)."""
        identity, user, context = self._latest = told
        content = spell(context)
        self._run += 1
        self._size += len(content)
        self._contexts.append((self._run, identity, user, content))
        self._order = int(uniform(self._salt, f"context:{identity}") * (1 << 26))

    def write(self) -> None:
        """Send what is kept here."""
        for statement, rows in ((item_sql.COPY_CONTEXTS, self._contexts), (item_sql.COPY_ITEMS, self._items)):
            with self._cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            rows.clear()
        self._size = 0
