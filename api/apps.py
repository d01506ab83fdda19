"""The app's name and settings, as Django asks for them."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = "Content and partners"
    default_auto_field = "django.db.models.BigAutoField"
