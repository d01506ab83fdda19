"""Imported first by a command: sets Django up on a database in memory. Within pytest it is set up already."""

import os

import django
from django.apps import apps
from django.conf import settings

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
    os.environ.pop("DATABASE_URL", None)
    settings.DATABASES["default"]["NAME"] = ":memory:"
    django.setup()
