from django.urls import path

from leadrails.leads import person_views, views

app_name = "leads"
urlpatterns = [
    path("", views.lead_list, name="list"),
    path("<str:lead>/", views.lead_detail, name="detail"),
    path("<str:lead>/export.json", person_views.lead_export, name="export"),
    path("<str:lead>/erase", person_views.lead_erase, name="erase"),
    path("<str:lead>/tags/", person_views.lead_tags, name="tags"),
]
