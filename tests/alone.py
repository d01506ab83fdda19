"""Imported first by a command: sets Django up on a database in memory. Within pytest it is set up already."""

import os

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    django.setup()
