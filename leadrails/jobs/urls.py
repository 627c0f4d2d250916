from django.urls import path

from leadrails.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.job_list, name="list"),
    path("<str:job>/", views.job_detail, name="detail"),
    path("<str:job>/replay", views.job_replay, name="replay"),
    path("<str:job>/cancel", views.job_cancel, name="cancel"),
]
