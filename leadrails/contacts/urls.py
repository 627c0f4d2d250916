from django.urls import path

from leadrails.contacts import views

app_name = "conversations"
urlpatterns = [
    path("", views.message_list, name="list"),
    path("<str:message>/", views.message_detail, name="detail"),
    path("<str:message>/answer/", views.message_answer, name="answer"),
    path("<str:message>/review/", views.message_review, name="review"),
    path("files/<str:media>/", views.media_file, name="file"),
]
