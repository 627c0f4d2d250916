from django.urls import path

from leadrails.tenants import views

app_name = "tenants"
urlpatterns = [
    path("login", views.Login.as_view(), name="login"),
    path("logout", views.Logout.as_view(), name="logout"),
    path("setup", views.setup, name="setup"),
    path("welcome/<str:user>/<str:token>", views.welcome, name="welcome"),
    path("profile", views.profile, name="profile"),
    path("password", views.change_password, name="password"),
]
