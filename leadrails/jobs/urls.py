from django.urls import path

from leadrails.jobs import act_views, bulk_views, list_views, views

app_name = "jobs"
urlpatterns = [
    path("", list_views.job_list, name="list"),
    path("replay", bulk_views.replay_many, name="replay_many"),
    path("cancel", bulk_views.cancel_many, name="cancel_many"),
    path("release", bulk_views.release_many, name="release_many"),
    path("<str:job>/", views.job_detail, name="detail"),
    path("<str:job>/replay", act_views.job_replay, name="replay"),
    path("<str:job>/resend", act_views.job_resend, name="resend"),
    path("<str:job>/cancel", act_views.job_cancel, name="cancel"),
]
