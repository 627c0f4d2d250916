"""The names that the shell links to, so that it is tested without the pages."""

from types import SimpleNamespace

from django.shortcuts import render
from django.urls import include, path

from leadrails.ui.samples import styleguide_context


def page(request, tenant="", template="page.html"):
    """A page in the shell, as a member of a workspace sees it."""
    acme = SimpleNamespace(name="Acme Roofing & Sons", slug="acme")
    other = SimpleNamespace(name="Brightside Dental", slug="brightside")
    request.tenant, request.role = acme, "admin"
    request.user = SimpleNamespace(email="ada@example.com", is_authenticated=True)
    nav = {"open_alerts": 3, "tenants": [acme, other], "is_simulated": True}
    return render(request, template, {"nav": nav, **styleguide_context()})


def confirm(request, tenant):
    return page(request, template="confirm.html")


def names(app, *views):
    return include(([path(view, page, name=view) for view in views], app))


urlpatterns = [
    path("", page, name="home"),
    path("t/<slug:tenant>/", page, name="overview"),
    path("t/<slug:tenant>/search", page, name="search"),
    path("t/<slug:tenant>/leads/", names("leads", "list", "detail")),
    path("t/<slug:tenant>/jobs/", names("jobs", "list", "detail")),
    path("t/<slug:tenant>/conversations/", names("conversations", "list")),
    path("t/<slug:tenant>/suppressions/", names("suppressions", "list")),
    path("t/<slug:tenant>/alerts/", names("alerts", "list")),
    path("t/<slug:tenant>/sources/", names("sources", "list")),
    path("t/<slug:tenant>/routes/", names("routes", "list")),
    path("t/<slug:tenant>/destinations/", names("destinations", "list")),
    path("t/<slug:tenant>/senders/", names("senders", "list")),
    path("t/<slug:tenant>/settings/", names("settings", "members")),
    path("t/<slug:tenant>/jobs/replay", confirm, name="replay"),
    path(
        "account/",
        names(
            "tenants",
            "login",
            "logout",
            "profile",
            "reset",
            "passkey",
            "passkey_options",
        ),
    ),
    path("ui/", include("leadrails.ui.urls")),
]
