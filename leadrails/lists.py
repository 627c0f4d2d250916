"""
Lists of the largest tables, read by statements that are planned once per connection.

Django writes the statement, `select` runs it. One plan serves all tenants and all that
they ask for; `Fixed` and `Among` see to it that it is one that suits each of them.
"""

import re
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

from leadrails import statements

M = TypeVar("M", bound=Model)
ORDER = ("tenant_id", "id")
"""The one that the tables' indexes have, as `keyset_page` wants it."""


def select(queryset: QuerySet[M, Any]) -> list[M]:
    """
    Read a queryset's rows by a prepared statement.

    For plain columns of one model, as `only` names them.

    Raises:
        TypeError: a column is one that Django converts itself, such as JSON.
    """
    compiler = queryset.query.get_compiler(queryset.db)
    try:
        statement, parameters = compiler.as_sql()
    except EmptyResultSet:
        return []
    columns = [expression for expression, *_ in compiler.select]
    if compiler.get_converters(columns):
        raise TypeError(f"Django reads columns of {queryset.model} itself.")
    names = {column.target.attname: None for column in columns}  # ordered; `in` is fast
    rows = statements.run(statement, parameters, binary=True)
    return [queryset.model.from_db(queryset.db, names, row) for row in rows]


class Fixed(Value):
    """
    A word or number of the code that stands in the statement itself.

    A plan for any parameter cannot use an index with a condition, since some parameter
    might not meet it.
    """

    def as_sql(self, *_: Any) -> tuple[str, tuple[str | int, ...]]:
        if isinstance(self.value, int):
            return str(self.value), ()
        if not re.fullmatch("[a-z_]*", str(self.value)):
            raise ValueError("Only words of the code may be fixed in a statement.")
        return f"'{self.value}'", ()


class Among(Lookup):
    """
    An equality that does not tell PostgreSQL that all rows have one value.

    So their order by this and another column is one that only an index of both has.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        left, left_parameters = self.process_lhs(compiler, connection)
        right, right_parameters = self.process_rhs(compiler, connection)
        return f"{left} = ANY(ARRAY[{right}])", (*left_parameters, *right_parameters)
