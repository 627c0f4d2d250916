"""
Statements that run for every lead: planned once per connection, not at every call.

Django's cursors write parameters into the text, so PostgreSQL plans each call anew;
over partitioned tables that costs more than the work itself. `leadrails/lists.py` runs
the lists of the largest tables this way.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection
from psycopg.rows import RowFactory, tuple_row

Parameters = Mapping[str, Any] | Sequence[Any]


def run(
    statement: str,
    parameters: Parameters | None = None,
    *,
    row_factory: RowFactory[Any] = tuple_row,
    binary: bool = False,
    before: Callable[[], object] | None = None,
) -> list[Any]:
    """
    Run one prepared statement on Django's connection; return its rows, if any.

    When the connection turns out to be lost, the statement runs once more on a new
    one: it must be safe to run twice.

    Args:
        binary: let rows come in PostgreSQL's binary form. Dates are read faster, and
            JSON is parsed, where Django's text form leaves it to the caller.
        before: called first, and once more if there is a new connection.

    Raises:
        django.db.Error: as Django's own cursors do.
    """
    try:
        if before is not None:
            before()
        return _run(statement, parameters, row_factory, binary)
    except (InterfaceError, OperationalError):
        is_lost = connection.connection is None or connection.connection.closed
        if connection.in_atomic_block or not is_lost:
            raise
        connection.close()
        if before is not None:
            before()
        return _run(statement, parameters, row_factory, binary)


def _run(
    statement: str,
    parameters: Parameters | None,
    row_factory: RowFactory[Any],
    binary: bool,
) -> list[Any]:
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection, row_factory=row_factory) as cursor,
    ):
        cursor.execute(statement, parameters, prepare=True, binary=binary)
        return cursor.fetchall() if cursor.description else []
