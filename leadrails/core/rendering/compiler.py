"""From a syntax tree to closures: what is not in `_EXPRESSIONS` does not exist."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import nodes

from leadrails.core.rendering import values
from leadrails.core.rendering.filters import FILTERS
from leadrails.core.rendering.grammar import MAX_DEPTH, TemplateError

Fields = Mapping[str, Any]
Evaluate = Callable[[Fields], Any]
Write = Callable[[Fields], str]


@dataclass(frozen=True, slots=True)
class Use:
    """A field's dotted path and the line that names it."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Fixed text: where it starts, and whether every message has it."""

    text: str
    line: int
    is_always: bool


@dataclass(slots=True)
class Compiler:
    uses: list[Use] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)

    def body(
        self, statements: list[nodes.Node], depth: int
    ) -> tuple[tuple[int, Write], ...]:
        _check_depth(statements[0] if statements else None, depth)
        parts: list[tuple[int, Write]] = []
        for statement in statements:
            if isinstance(statement, nodes.Output):
                parts.extend(
                    (node.lineno, self.output(node, depth)) for node in statement.nodes
                )
            elif isinstance(statement, nodes.If):
                parts.append((statement.lineno, self.condition(statement, depth)))
            else:
                raise _refusal(statement)
        return tuple(parts)

    def output(self, node: nodes.Expr, depth: int) -> Write:
        if isinstance(node, nodes.TemplateData):
            data = node.data
            self.passages.append(Passage(data, node.lineno, depth == 0))
            return lambda _: data
        evaluate, text = self.expression(node, 0), values.text
        return lambda fields: text(evaluate(fields))

    def condition(self, node: nodes.If, depth: int) -> Write:
        branches = [
            (self.expression(branch.test, 0), self._writes(branch.body, depth))
            for branch in [node, *node.elif_]
        ]
        otherwise, is_true = self._writes(node.else_, depth), values.is_true

        def write(fields: Fields) -> str:
            for test, writes in branches:
                if is_true(test(fields)):
                    return "".join([part(fields) for part in writes])
            return "".join([part(fields) for part in otherwise])

        return write

    def _writes(self, body: list[nodes.Node], depth: int) -> list[Write]:
        return [write for _, write in self.body(body, depth + 1)]

    def expression(self, node: nodes.Node, depth: int) -> Evaluate:
        _check_depth(node, depth)
        make = _EXPRESSIONS.get(type(node))
        if make is None:
            raise _refusal(node)
        return make(self, node, depth + 1)

    def constant(self, node: nodes.Const, _: int) -> Evaluate:
        value = node.value
        return lambda _: value

    def path(self, node: nodes.Node, _: int) -> Evaluate:
        keys, line = _path_keys(node), node.lineno
        hidden = next((key for key in keys if key.startswith("__")), None)
        if hidden:
            raise TemplateError(f"There is no field {hidden[:40]!r}.", line)
        self.uses.append(Use(".".join(keys), line))
        first, *rest = keys
        if not rest:
            return lambda fields: fields.get(first)

        def look_up(fields: Fields) -> Any:
            value = fields.get(first)
            for key in rest:
                value = value.get(key) if isinstance(value, dict) else None
            return value

        return look_up

    def filter(self, node: nodes.Filter, depth: int) -> Evaluate:
        if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise TemplateError(
                f"Write the values of “{node.name}” in brackets without names.",
                node.lineno,
            )
        value = self.expression(node.node, depth)
        if node.name in {"default", "d"}:
            return self.default(node, value, depth)
        apply = _make_filter(node)
        return lambda fields: apply(value(fields))

    def default(self, node: nodes.Filter, value: Evaluate, depth: int) -> Evaluate:
        # Unlike Jinja's, it also replaces blank text: a form sends "" for a field
        # left empty. A second argument, Jinja's way to ask for that, is taken.
        if not 1 <= len(node.args) <= 2:
            raise TemplateError(
                "“default” needs a text: {{ first_name | default('there') }}.",
                node.lineno,
            )
        instead = self.expression(node.args[0], depth)

        def apply(fields: Fields) -> Any:
            found = value(fields)
            is_blank = found is None or (isinstance(found, str) and not found.strip())
            return instead(fields) if is_blank else found

        return apply

    def either(self, node: nodes.And | nodes.Or, depth: int) -> Evaluate:
        # "a or b or c" nests to the left; it counts as one level.
        kind, terms, left = type(node), [node.right], node.left
        while isinstance(left, kind):
            terms.append(left.right)
            left = left.left
        evaluates = [self.expression(term, depth) for term in [left, *terms[::-1]]]
        stops_at, is_true = kind is nodes.Or, values.is_true

        def evaluate(fields: Fields) -> Any:
            value: Any = None
            for term in evaluates:
                value = term(fields)
                if is_true(value) is stops_at:
                    break
            return value

        return evaluate

    def negation(self, node: nodes.Not, depth: int) -> Evaluate:
        value, is_true = self.expression(node.node, depth), values.is_true
        return lambda fields: not is_true(value(fields))

    def choice(self, node: nodes.CondExpr, depth: int) -> Evaluate:
        test, is_true = self.expression(node.test, depth), values.is_true
        first = self.expression(node.expr1, depth)
        second = (
            self.expression(node.expr2, depth) if node.expr2 else lambda _fields: None
        )
        return lambda fields: (first if is_true(test(fields)) else second)(fields)

    def comparison(self, node: nodes.Compare, depth: int) -> Evaluate:
        if len(node.ops) != 1:
            raise TemplateError(
                "Compare two things at a time, and join the comparisons with “and”.",
                node.lineno,
            )
        left, right = node.expr, node.ops[0].expr
        first, second = self.expression(left, depth), self.expression(right, depth)
        compare = _COMPARISONS[node.ops[0].op]
        return lambda fields: compare(first(fields), second(fields))

    def test(self, node: nodes.Test, depth: int) -> Evaluate:
        holds = _TESTS.get(node.name)
        if holds is None or node.args or node.kwargs:
            known = ", ".join(f"“is {name}”" for name in _TESTS)
            raise TemplateError(
                f"“is {node.name[:40]}” is not possible. These are: {known}.",
                node.lineno,
            )
        value = self.expression(node.node, depth)
        return lambda fields: holds(value(fields))


_EXPRESSIONS: dict[type[nodes.Node], Callable[[Compiler, Any, int], Evaluate]] = {
    nodes.Const: Compiler.constant,
    nodes.Name: Compiler.path,
    nodes.Getattr: Compiler.path,
    nodes.Getitem: Compiler.path,
    nodes.Filter: Compiler.filter,
    nodes.And: Compiler.either,
    nodes.Or: Compiler.either,
    nodes.Not: Compiler.negation,
    nodes.CondExpr: Compiler.choice,
    nodes.Compare: Compiler.comparison,
    nodes.Test: Compiler.test,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": values.is_equal,
    "ne": lambda left, right: not values.is_equal(left, right),
    "lt": lambda left, right: values.order(left, right) == -1,
    "lteq": lambda left, right: values.order(left, right) in (-1, 0),
    "gt": lambda left, right: values.order(left, right) == 1,
    "gteq": lambda left, right: values.order(left, right) in (0, 1),
    "in": values.is_in,
    "notin": lambda left, right: not values.is_in(left, right),
}
# A field that is null counts as not there: forms do not tell the two apart.
_TESTS: dict[str, Callable[[Any], bool]] = {
    "defined": lambda value: value is not None,
    "undefined": lambda value: value is None,
    "none": lambda value: value is None,
    "true": lambda value: value is True,
    "false": lambda value: value is False,
}
_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Call: "A template cannot run anything, so name(…) is not possible.",
    nodes.Tuple: "Only one thing can stand here; a comma makes it two.",
    nodes.List: "A list in square brackets is not possible in a template.",
}


def _check_depth(node: nodes.Node | None, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TemplateError(
            f"This is nested too deeply; {MAX_DEPTH} levels are possible.",
            node.lineno if node else 1,
        )


def _refusal(node: nodes.Node) -> TemplateError:
    sentence = "A template can only show fields, filter them, and ask {% if %}."
    return TemplateError(_REFUSED.get(type(node), sentence), node.lineno)


def _path_keys(node: nodes.Node) -> list[str]:
    keys: list[str] = []
    inner = node
    while not isinstance(inner, nodes.Name):
        if isinstance(inner, nodes.Getattr):
            keys.append(inner.attr)
        elif isinstance(inner, nodes.Getitem) and _is_text(inner.arg):
            keys.append(inner.arg.value)  # type: ignore[attr-defined]
        else:
            raise TemplateError(
                "A field in a group is written lead.email or "
                "custom_fields['Project size'].",
                node.lineno,
            )
        inner = inner.node
    if len(keys) >= MAX_DEPTH:
        _check_depth(node, MAX_DEPTH + 1)
    return [inner.name, *reversed(keys)]


def _is_text(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and isinstance(node.value, str)


def _make_filter(node: nodes.Filter) -> Callable[[Any], str]:
    kind = FILTERS.get(node.name)
    if kind is None:
        raise TemplateError(_unknown_filter(node.name), node.lineno)
    if not kind.min_args <= len(node.args) <= kind.max_args:
        raise TemplateError(
            f"“{node.name}” does not take {len(node.args)} values. It is for: "
            f"{kind.help}.",
            node.lineno,
        )
    constants = []
    for argument in node.args:
        if not isinstance(argument, nodes.Const):
            raise TemplateError(
                f"“{node.name}” takes fixed texts and numbers, no fields.", node.lineno
            )
        constants.append(argument.value)
    try:
        return kind.make(*constants)
    except ValueError as error:
        raise TemplateError(str(error), node.lineno) from None


def _unknown_filter(name: str) -> str:
    known = ["default", *FILTERS]
    close = difflib.get_close_matches(name[:40], known, n=1)
    if close:
        return f"There is no filter “{name[:40]}”. Did you mean “{close[0]}”?"
    return f"There is no filter “{name[:40]}”. These exist: {', '.join(known)}."
