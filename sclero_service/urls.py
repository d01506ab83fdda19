"""Hands every path to the app, and every failure outside a view to its problem page."""

from django.urls import include, path

urlpatterns = [path("", include("api.urls"))]

handler400 = "api.errors.bad_request"
handler404 = "api.errors.not_found"
handler500 = "api.errors.server_error"
