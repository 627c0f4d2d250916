"""Where providers call back. The paths are made by `destinations.callbacks`."""

from django.urls import path

from webhooks import views

app_name = "webhooks"
urlpatterns = [
    path(
        "status/<str:destination>/<str:job>/<int:attempt>/<int:version>/<str:mac>",
        views.receive_status,
        name="status",
    ),
    # Two names, as providers have two fields; either takes whatever comes.
    path(
        "messages/<str:secret>/incoming",
        views.receive_message,
        name="messages_incoming",
    ),
    path("messages/<str:secret>/status", views.receive_message, name="messages_status"),
]
