"""Every kind that the code opens has words, and the docs have its rules."""

import ast
import re
from pathlib import Path

from leadrails.alerts.words import WORDS, table

ROOT = Path(__file__).parents[2]
CODE = [
    *(ROOT / "leadrails").rglob("*.py"),
    *(ROOT / "webhooks").rglob("*.py"),
    *(ROOT / "destinations").rglob("*.py"),
]


def opened_kinds():
    """The constants that stand as `kind` where an alert is opened."""
    names, values = set(), {}
    for path in CODE:
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        values[target.id] = node.value.value
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "open_alert":
                names |= {k.value for k in node.keywords if k.arg == "kind"}
            if node.func.id in ("keep", "OpenAlert") and node.args:
                names.add(node.args[0])
    return {values[n.id] for n in names if isinstance(n, ast.Name) and n.id in values}


def test_every_kind_that_the_code_opens_has_words():
    kinds = opened_kinds()
    assert {"failure_rate", "queue_age", "dead_letters", "circuit_open"} <= kinds
    assert kinds <= WORDS.keys()


def test_the_docs_table_is_the_codes():
    assert table() in (ROOT / "docs/alerts.md").read_text()


def test_every_kind_says_when_it_closes():
    for kind, words in WORDS.items():
        assert words.closes, kind
        assert not re.search(r"[.]$", str(words.closes)), kind
