from django.urls import path

from leadrails.jobs import follow_up_views as views

app_name = "follow_ups"
urlpatterns = [
    path("<str:destination>/follow-ups/", views.rule_list, name="list"),
    path("<str:destination>/follow-ups/new/", views.rule_new, name="new"),
    path("<str:destination>/follow-ups/<str:follow_up>/", views.rule_edit, name="edit"),
    path(
        "<str:destination>/follow-ups/<str:follow_up>/pause/",
        views.rule_pause,
        name="pause",
    ),
    path(
        "<str:destination>/follow-ups/<str:follow_up>/delete/",
        views.rule_delete,
        name="delete",
    ),
]
