"""The pages of routes, with names only for what they link to elsewhere."""

from django.http import HttpResponse
from django.urls import include, path


def page(request, **kwargs):
    return HttpResponse()


def names(app, *views):
    return include(([path(view, page, name=view) for view in views], app))


tenant_pages = [
    path("", include("leadrails.jobs.overview_urls")),
    path("leads/", include("leadrails.leads.urls")),
    path("jobs/", include("leadrails.jobs.urls")),
    path("alerts/", include("leadrails.alerts.urls")),
    path("sources/", names("sources", "list")),
    path("routes/", include("leadrails.routing.urls")),
    path("destinations/", names("destinations", "list")),
    path("settings/", names("settings", "members")),
]

urlpatterns = [
    path("", page, name="home"),
    path("account/", names("tenants", "login", "logout", "profile")),
    path("ui/", include("leadrails.ui.urls")),
    path("t/<slug:tenant>/", include(tenant_pages)),
]
