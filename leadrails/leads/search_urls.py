from django.urls import path

from leadrails.leads.search import search

urlpatterns = [path("search", search, name="search")]
