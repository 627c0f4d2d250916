from django.urls import path

from leadrails.alerts import channel_views as views

app_name = "channels"
urlpatterns = [
    path("", views.channel_list, name="list"),
    path("mine", views.mine, name="mine"),
    path("new", views.channel_new, name="new"),
    path("new/<slug:kind>", views.channel_create, name="create"),
    path("<str:channel>/", views.channel_detail, name="detail"),
    path("<str:channel>/edit", views.channel_edit, name="edit"),
    path("<str:channel>/test", views.channel_test, name="test"),
    path("<str:channel>/pause", views.channel_pause, name="pause"),
    path("<str:channel>/remove", views.channel_remove, name="remove"),
    path("<str:channel>/key", views.channel_key, name="key"),
]
