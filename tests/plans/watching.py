"""
The plans of what the code runs, told by PostgreSQL.

Each statement runs twice: first explained and undone, then for its caller. What
leadrails/statements.py prepares is explained as prepared, with the same generic plan.
"""

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from django.db import connection, transaction
from psycopg import sql
from psycopg.adapt import PyFormat, Transformer

from leadrails import statements

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
PLANNED = re.compile(r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\b", re.IGNORECASE)
_numbers = itertools.count()
PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Plan:
    text: str
    """The statement."""
    root: dict

    def nodes(self) -> Iterator[dict]:
        found = [self.root]
        for node in found:
            yield node
            found += node.get("Plans", [])

    @property
    def scanned(self) -> set[str]:
        """Tables that were read from end to end."""
        return {
            node["Relation Name"]
            for node in self.nodes()
            if node["Node Type"] == "Seq Scan" and node["Actual Loops"]
        }

    @property
    def blocks(self) -> int:
        """Pages looked at, in memory or on disk."""
        return self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"]


@contextmanager
def watched() -> Iterator[list[Plan]]:
    """Collect the plan of every statement that runs inside a transaction."""
    plans: list[Plan] = []
    run_prepared = statements._run

    def note_plain(execute, text, parameters, many, context):
        if PLANNED.match(text) and not many:
            plans.append(Plan(text, _explain(EXPLAIN + text, parameters)))
        return execute(text, parameters, many, context)

    def note_prepared(text, parameters, *rest):
        call = prepare(*_named(text, parameters or {}))
        plans.append(Plan(text, _explain(EXPLAIN + call)))
        return run_prepared(text, parameters, *rest)

    with (
        connection.execute_wrapper(note_plain),
        patch.object(statements, "_run", note_prepared),
    ):
        yield plans


def explained(call: str) -> Plan:
    """The plan of a prepared statement's call, which is made and undone."""
    return Plan(call, _explain(EXPLAIN + call))


def _explain(text: str, parameters=None) -> dict:
    connection.ensure_connection()
    with transaction.atomic(), connection.connection.cursor() as cursor:
        try:
            cursor.execute(text, parameters)
            ((found,),) = cursor.fetchall()
        finally:
            transaction.set_rollback(True)
    return found[0]["Plan"]


def _named(text: str, parameters) -> tuple[str, dict]:
    """Name the parameters of a statement that Django wrote."""
    if isinstance(parameters, dict):
        return text, parameters
    named = {f"p{number}": value for number, value in enumerate(parameters)}
    return text % tuple(f"%({name})s" for name in named), named


def prepare(text: str, parameters: dict) -> str:
    """Prepare a statement with the types that it gets; return the call of it."""
    server = connection.connection
    names = list(dict.fromkeys(PARAMETER.findall(text)))
    numbered = PARAMETER.sub(lambda m: f"${names.index(m[1]) + 1}", text)
    adapt = Transformer(server)
    types, values = [], []
    for name in names:
        value = parameters[name]
        oid = 0
        if value is not None:
            oid = adapt.get_dumper(value, PyFormat.AUTO).oid
        known = server.adapters.types.get(oid) if oid else None
        array = known and known.array_oid == oid
        types.append(f"{known.regtype}{'[]' * bool(array)}" if known else "unknown")
        values.append(sql.Literal(value).as_string(server))
    name = f"watched_{next(_numbers)}"
    head = f"{name} ({', '.join(types)})" if types else name
    server.execute(f"PREPARE {head} AS " + numbered.replace("%%", "%"))
    return f"EXECUTE {name} ({', '.join(values)})" if values else f"EXECUTE {name}"


def large_tables(rows: int = 1000) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s"
            " AND relnamespace = 'public'::regnamespace",
            [rows],
        )
        return {name for (name,) in cursor.fetchall()}
