from django.urls import path

from leadrails.contacts import suppression_views as views

app_name = "suppressions"
urlpatterns = [
    path("", views.suppression_list, name="list"),
    path("new/", views.suppression_new, name="new"),
    path("import/", views.suppression_import, name="import"),
    path("export/", views.suppression_export, name="export"),
    path("<str:suppression>/remove/", views.suppression_remove, name="remove"),
]
