from django.urls import path

from leadrails.tenants import audit_views, member_views, settings_views

app_name = "settings"
urlpatterns = [
    path("members/", member_views.members, name="members"),
    path("members/add", member_views.member_add, name="member_add"),
    path(
        "members/invitations/<str:invitation>/renew",
        member_views.invitation_renew,
        name="invitation_renew",
    ),
    path(
        "members/invitations/<str:invitation>/revoke",
        member_views.invitation_revoke,
        name="invitation_revoke",
    ),
    path("members/two-factors", member_views.two_factors, name="two_factors"),
    path("members/<str:user>/", member_views.member, name="member"),
    path("members/<str:user>/link", member_views.member_link, name="member_link"),
    path("members/<str:user>/remove", member_views.member_remove, name="member_remove"),
    path("api-keys/", settings_views.api_keys, name="api_keys"),
    path("api-keys/new", settings_views.api_key_new, name="api_key_new"),
    path(
        "api-keys/<str:key>/revoke",
        settings_views.api_key_revoke,
        name="api_key_revoke",
    ),
    path("audit/", audit_views.audit_log, name="audit"),
    path("audit/export.csv", audit_views.audit_export, name="audit_export"),
    path("workspace/", settings_views.workspace, name="workspace"),
    path(
        "workspace/quiet-hours", settings_views.workspace_quiet, name="workspace_quiet"
    ),
]
