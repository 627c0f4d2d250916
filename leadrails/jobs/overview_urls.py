from django.urls import path

from leadrails.jobs.overview import overview, steps

urlpatterns = [
    path("", overview, name="overview"),
    path("first-steps", steps, name="first_steps"),
]
