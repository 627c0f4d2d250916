from django.urls import path

from leadrails.tenants import (
    invitation_views,
    phone_views,
    profile_views,
    second_views,
    security_views,
    session_views,
    views,
)

app_name = "tenants"
urlpatterns = [
    path("login", views.Login.as_view(), name="login"),
    path("logout", views.Logout.as_view(), name="logout"),
    path("setup", views.setup, name="setup"),
    path(
        "invitation/<str:invitation>/<str:token>",
        invitation_views.invitation,
        name="invitation",
    ),
    path("welcome/<str:user>/<str:token>", views.welcome, name="welcome"),
    path("profile", profile_views.profile, name="profile"),
    path("reset", views.reset, name="reset"),
    path("second", second_views.second, name="second"),
    path("prove", second_views.prove, name="prove"),
    path("passkey", second_views.passkey, name="passkey"),
    path("passkey/options", second_views.passkey_options, name="passkey_options"),
    path("security", security_views.overview, name="security"),
    path("email", security_views.change_email, name="email"),
    path("email/<str:token>", security_views.email_confirm, name="email_confirm"),
    path("password", security_views.change_password, name="password"),
    path("app/add", security_views.app_add, name="app_add"),
    path("app/remove", security_views.app_remove, name="app_remove"),
    path("passkeys/add", security_views.passkey_add, name="passkey_add"),
    path(
        "passkeys/<int:key>/remove",
        security_views.passkey_remove,
        name="passkey_remove",
    ),
    path("codes", security_views.codes, name="codes"),
    path("codes/file", security_views.codes_file, name="codes_file"),
    path("codes/renew", security_views.codes_renew, name="codes_renew"),
    path("sessions", session_views.sessions, name="sessions"),
    path("sessions/end", session_views.sessions_end, name="sessions_end"),
    path("sessions/<str:session>/end", session_views.session_end, name="session_end"),
    path("phone/send", phone_views.phone_send, name="phone_send"),
    path("phone/confirm", phone_views.phone_confirm, name="phone_confirm"),
    path("phone/remove", phone_views.phone_remove, name="phone_remove"),
    path("phone/handset", phone_views.phone_handset, name="phone_handset"),
]
