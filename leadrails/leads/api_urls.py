from django.urls import path

from leadrails.leads.api import lead_events

app_name = "api"
urlpatterns = [path("lead-events", lead_events, name="lead_events")]
