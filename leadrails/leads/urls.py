from django.urls import path

from leadrails.leads import views

app_name = "leads"
urlpatterns = [
    path("", views.lead_list, name="list"),
    path("<str:lead>/", views.lead_detail, name="detail"),
]
