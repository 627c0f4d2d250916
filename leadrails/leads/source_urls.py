from django.urls import path

from leadrails.leads import form_views, source_acts, source_views

app_name = "sources"
urlpatterns = [
    path("", source_views.source_list, name="list"),
    path("new/", source_views.source_new, name="new"),
    path("<str:source>/", source_views.source_detail, name="detail"),
    path("<str:source>/settings/", source_views.source_settings, name="settings"),
    path("<str:source>/form/", form_views.source_form, name="form"),
    path("<str:source>/form/open", form_views.form_open, name="form_open"),
    path("<str:source>/form/close", form_views.form_close, name="form_close"),
    path("<str:source>/test-event/", source_acts.test_event, name="test_event"),
    path(
        "<str:source>/test-event/<str:lead>/",
        source_acts.test_result,
        name="test_result",
    ),
    path("<str:source>/pause/", source_acts.source_pause, name="pause"),
    path("<str:source>/resume/", source_acts.source_resume, name="resume"),
    path("<str:source>/revoke/", source_acts.source_revoke, name="revoke"),
    path("<str:source>/keys/new/", source_acts.key_issue, name="key_issue"),
    path(
        "<str:source>/keys/<str:key>/revoke/",
        source_acts.key_revoke,
        name="key_revoke",
    ),
    path("<str:source>/workflows/new/", source_views.workflow_new, name="workflow_new"),
    path(
        "<str:source>/workflows/<str:workflow>/rename/",
        source_acts.workflow_rename,
        name="workflow_rename",
    ),
    path(
        "<str:source>/workflows/<str:workflow>/pause/",
        source_acts.workflow_pause,
        name="workflow_pause",
    ),
    path(
        "<str:source>/workflows/<str:workflow>/resume/",
        source_acts.workflow_resume,
        name="workflow_resume",
    ),
]
