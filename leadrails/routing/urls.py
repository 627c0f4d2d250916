from django.urls import path

from leadrails.routing import views

app_name = "routes"
urlpatterns = [
    path("", views.route_list, name="list"),
    path("new/", views.route_new, name="new"),
    path("order/<str:workflow>/", views.route_order, name="order"),
    path("<str:route>/", views.route_edit, name="edit"),
    path("<str:route>/dry-run/", views.route_dry_run, name="dry_run"),
    path("<str:route>/pause/", views.route_pause, name="pause"),
    path("<str:route>/resume/", views.route_resume, name="resume"),
    path("<str:route>/delete/", views.route_delete, name="delete"),
]
