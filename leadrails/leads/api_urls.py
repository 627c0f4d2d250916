from django.urls import path

from leadrails.leads.api import lead_events
from leadrails.leads.form_api import html_form

app_name = "api"
urlpatterns = [
    path("lead-events", lead_events, name="lead_events"),
    path("forms/<str:source>/<str:token>", html_form, name="html_form"),
]
