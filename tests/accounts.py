"""Accounts of the admin on a database that DATABASE_URL names, one for each role: python -m tests.accounts"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")

PASSWORD = "a long word of nobody"  # noqa: S105 - of a database that tests make
# By account, its groups. Ana and Ben are also publishers; root, who has none, may do everything; an
# outsider has all, and may not log in to the admin.
GROUPS = {
    "ana": ("Editors", "Publishers"),
    "ben": ("Reviewers", "Publishers"),
    "editor": ("Editors",),
    "reviewer": ("Reviewers",),
    "publisher": ("Publishers",),
    "nobody": (),
    "all": ("Editors", "Reviewers", "Publishers"),
}


def main() -> None:
    """Make the accounts, and publish what stands in the tables."""
    django.setup()
    from django.contrib.auth.models import Group, User

    from api.publishing import publish

    publish("A small part of the content")
    for name, groups in GROUPS.items():
        account = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        account.groups.set(Group.objects.filter(name__in=groups))
    User.objects.create_superuser("root", password=PASSWORD)
    outsider = User.objects.create_user("outsider", password=PASSWORD)
    outsider.groups.set(Group.objects.all())


if __name__ == "__main__":
    main()
