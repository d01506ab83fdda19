"""The app's name and settings, as Django asks for them."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class ApiConfig(AppConfig):
    name = "api"
    verbose_name = "Content and partners"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Where the admin is on, let every migration end with the groups of its roles."""
        if apps.is_installed("django.contrib.admin"):
            from api.admin.roles import make_groups

            # The last app that has tables: by then the permissions of all are there.
            post_migrate.connect(make_groups, sender=apps.get_app_config("sessions"), dispatch_uid="roles")
