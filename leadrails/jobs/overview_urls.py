from django.urls import path

from leadrails.jobs.overview import overview

urlpatterns = [path("", overview, name="overview")]
