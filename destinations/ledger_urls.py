from django.urls import path

from destinations.ledger_views import simulator

urlpatterns = [path("", simulator, name="simulator")]
