"""How bad the problem of an alert is."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    """From good to know to what cannot wait."""

    NOTICE = "notice", _("Notice")
    WARNING = "warning", _("Warning")
    SEVERE = "severe", _("Severe")

    @property
    def rank(self) -> int:
        return list(Severity).index(self)

    def covers(self, least: "Severity") -> bool:
        """Whether it is at least as bad."""
        return self.rank >= least.rank


MEANS = {
    Severity.NOTICE: _("nobody waits; good to know"),
    Severity.WARNING: _("messages are late, or will be"),
    Severity.SEVERE: _("people or leads are missed, or may be"),
}
