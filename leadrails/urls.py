"""
Every URL. Pages of a tenant live under `/t/<slug>/`, the wire under `/v1/`.
"""

from django.urls import include, path

from leadrails.tenants.views import healthz, home

tenant_pages = [
    path("", include("leadrails.jobs.overview_urls")),
    path("", include("leadrails.leads.search_urls")),
    path("leads/", include("leadrails.leads.urls")),
    path("jobs/", include("leadrails.jobs.urls")),
    path("conversations/rules/", include("leadrails.rules.urls")),
    path("conversations/", include("leadrails.contacts.urls")),
    path("alerts/", include("leadrails.alerts.urls")),
    path("sources/", include("leadrails.leads.source_urls")),
    path("routes/", include("leadrails.routing.urls")),
    path("destinations/", include("destinations.urls")),
    path("destinations/", include("leadrails.jobs.follow_up_urls")),
    path("simulator/", include("destinations.ledger_urls")),
    path("senders/", include("destinations.sender_urls")),
    path("suppressions/", include("leadrails.contacts.suppression_urls")),
    path("settings/channels/", include("leadrails.alerts.channel_urls")),
    path("settings/", include("leadrails.tenants.settings_urls")),
]

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("v1/", include("leadrails.leads.api_urls")),
    path("webhooks/", include("webhooks.urls")),
    path("account/", include("leadrails.tenants.urls")),
    path("mailbox/", include("leadrails.mailbox.urls")),
    path("ui/", include("leadrails.ui.urls")),
    path("t/<slug:tenant>/", include(tenant_pages)),
]

handler400 = "leadrails.ui.views.bad_request"
handler403 = "leadrails.ui.views.permission_denied"
handler404 = "leadrails.ui.views.page_not_found"
handler500 = "leadrails.ui.views.server_error"
