"""What the address of a page asks for."""

from django.http import QueryDict


def asked_text(query: QueryDict) -> str:
    """What is searched for, without the character that PostgreSQL cannot hold."""
    return query.get("q", "").replace("\x00", "").strip()
