from django.urls import path

from leadrails.mailbox import views

app_name = "mailbox"
urlpatterns = [
    path("", views.mail_list, name="list"),
    path("<str:mail>/", views.mail_detail, name="detail"),
    path("<str:mail>/html", views.mail_html, name="html"),
]
