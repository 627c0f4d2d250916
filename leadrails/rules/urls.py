from django.urls import path

from leadrails.rules import views

app_name = "rules"
urlpatterns = [
    path("", views.rule_list, name="list"),
    path("new/", views.rule_new, name="new"),
    path("<str:rule>/", views.rule_detail, name="detail"),
    path("<str:rule>/edit/", views.rule_edit, name="edit"),
    path("<str:rule>/pause/", views.rule_pause, name="pause"),
    path("<str:rule>/delete/", views.rule_delete, name="delete"),
]
