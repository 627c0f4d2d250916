from django.urls import path

from leadrails.tenants import phone_views, profile_views, views

app_name = "tenants"
urlpatterns = [
    path("login", views.Login.as_view(), name="login"),
    path("logout", views.Logout.as_view(), name="logout"),
    path("setup", views.setup, name="setup"),
    path("welcome/<str:user>/<str:token>", views.welcome, name="welcome"),
    path("profile", profile_views.profile, name="profile"),
    path("password", profile_views.change_password, name="password"),
    path("phone/send", phone_views.phone_send, name="phone_send"),
    path("phone/confirm", phone_views.phone_confirm, name="phone_confirm"),
    path("phone/remove", phone_views.phone_remove, name="phone_remove"),
    path("phone/handset", phone_views.phone_handset, name="phone_handset"),
]
