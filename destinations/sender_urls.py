from django.urls import path

from destinations import sender_views

app_name = "senders"
urlpatterns = [
    path("", sender_views.sender_list, name="list"),
    path("rcs-sheet/", sender_views.sender_sheet, name="sheet"),
    path("rcs-sheet/export.txt", sender_views.sender_export, name="export"),
]
