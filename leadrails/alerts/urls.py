from django.urls import path

from leadrails.alerts import views

app_name = "alerts"
urlpatterns = [
    path("", views.alert_list, name="list"),
    path("<str:alert>/", views.alert_detail, name="detail"),
    path("<str:alert>/comment", views.alert_comment, name="comment"),
    path("<str:alert>/acknowledge", views.alert_acknowledge, name="acknowledge"),
    path("<str:alert>/snooze", views.alert_snooze, name="snooze"),
    path("<str:alert>/resolve", views.alert_resolve, name="resolve"),
]
