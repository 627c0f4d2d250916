"""Mail that stays here instead of going out: for the demo and for development."""

from django.db import models

from leadrails.tenants.models import PublicIdModel


class KeptMail(PublicIdModel):
    """One mail as its reader would have got it."""

    prefix = "eml"

    sender = models.CharField(max_length=254)
    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.subject
