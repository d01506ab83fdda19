"""Roles: the tables in; out, a group of accounts for each role, with the permissions that it has."""

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.db.models.signals import post_migrate

from api.models import ReviewStep, Ruling
from api.serializers import RESOURCES

CONTENT = [*(resource.model._meta.model_name for resource in RESOURCES.values()), Ruling._meta.model_name]
STEP = ReviewStep._meta.model_name
SEES = Q(content_type__model__in=[*CONTENT, STEP], codename__startswith="view_")
EDITS = Q(content_type__model__in=CONTENT)


def _may(action: str) -> Q:
    return Q(content_type__model=STEP, codename=action)


# By role, what its group may do. Whoever has two roles has both groups; nobody approves a change of their own.
ROLES = {
    "Editors": SEES | EDITS | _may("hand_in"),
    "Reviewers": SEES | _may("approve"),
    "Publishers": SEES | _may("publish"),
}


def make_groups(**sent: Any) -> None:
    """Make the group of each role, with what it may do and no more; for another mix, make another group."""
    for name, permissions in ROLES.items():
        group, _ = Group.objects.using(sent["using"]).get_or_create(name=name)
        known = Permission.objects.using(sent["using"]).filter(content_type__app_label="api")
        group.permissions.set(known.filter(permissions))


# After the last app that has tables: by then the permissions of all are there.
post_migrate.connect(make_groups, sender=apps.get_app_config("sessions"), dispatch_uid="roles")
