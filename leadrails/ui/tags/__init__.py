"""The tags of `{% load ui %}`, by kind. Examples of each are in docs/ui.md."""

from django import template

register = template.Library()
