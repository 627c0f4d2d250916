"""
Tenants' templates: Jinja syntax, without anything that could cost or leak.

jinja2 only parses. `grammar` guards the parser and refuses whatever is not on the
whitelist, `compiler` turns the rest into closures, `fields` says what a template
may name, `lint` what its author should know before saving.
"""

from leadrails.core.rendering.fields import (
    AVAILABLE_FIELDS,
    KNOWN_NAMES,
    TemplateField,
    lead_fields,
)
from leadrails.core.rendering.filters import FILTERS
from leadrails.core.rendering.grammar import MAX_SOURCE, TemplateError
from leadrails.core.rendering.lint import Finding, lint
from leadrails.core.rendering.template import Template
from leadrails.core.rendering.values import MAX_OUTPUT, MAX_VALUE

__all__ = [
    "AVAILABLE_FIELDS",
    "FILTERS",
    "KNOWN_NAMES",
    "MAX_OUTPUT",
    "MAX_SOURCE",
    "MAX_VALUE",
    "Finding",
    "Template",
    "TemplateError",
    "TemplateField",
    "lead_fields",
    "lint",
]
