"""
Sessions in the database that know whose they are, and when and where they were used.

The columns beside the data are what a person sees of their sessions. They change by
statements of their own, so that two requests of one browser do not lose each other's
data over them.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from leadrails.tenants.models import Session

SEEN_EVERY = timedelta(minutes=5)


class SessionStore(db.SessionStore):
    row: Session | None = None
    """As it was loaded."""
    caller: dict[str, str] = {}  # noqa: RUF012  replaced, never changed
    """The address and the agent of this request."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        made = cast(Session, super().create_model_instance(data))
        made.user_id = data.get(SESSION_KEY)
        if self.row is not None and str(self.row.user_id) == str(made.user_id):
            made.began_at = self.row.began_at
        for name, value in self.caller.items():
            setattr(made, name, value)
        return made

    def note_use(self, *, now: datetime) -> None:
        """Keep up when and where it was used; costs a statement in five minutes."""
        row = self.row
        if row is None or row.user_id is None or now - row.seen_at < SEEN_EVERY:
            return
        Session.objects.filter(pk=row.pk).update(seen_at=now, **self.caller)
