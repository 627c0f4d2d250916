from django.urls import path

from destinations import acts, handsets, list_views, rich_views, views

app_name = "destinations"
urlpatterns = [
    path("", list_views.destination_list, name="list"),
    path("handsets/", handsets.open_handsets, name="handsets"),
    path("new/", views.destination_new, name="new"),
    path("new/<slug:kind>/<slug:mode>/", views.destination_create, name="create"),
    path("preview/", views.template_preview, name="preview"),
    path("<str:destination>/", views.destination_detail, name="detail"),
    path("<str:destination>/edit/", views.destination_edit, name="edit"),
    path("<str:destination>/rcs/", rich_views.destination_rich, name="rich"),
    path("<str:destination>/advanced/", views.destination_advanced, name="advanced"),
    path(
        "<str:destination>/troubleshooting/",
        views.destination_troubleshooting,
        name="troubleshooting",
    ),
    path("<str:destination>/verify/", acts.destination_verify, name="verify"),
    path("<str:destination>/content/", acts.destination_content, name="content"),
    path("<str:destination>/pause/", acts.destination_pause, name="pause"),
    path("<str:destination>/resume/", acts.destination_resume, name="resume"),
    path("<str:destination>/unknown/", acts.destination_unknown, name="unknown"),
    path("<str:destination>/replies/", acts.destination_replies, name="replies"),
    path("<str:destination>/secret/", acts.destination_secret, name="secret"),
    path("<str:destination>/delete/", acts.destination_delete, name="delete"),
    path(
        "<str:destination>/countries/<str:country>/release/",
        acts.country_release,
        name="release_country",
    ),
]
