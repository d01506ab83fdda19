"""Command: Django's development server, which says what to do where there is nothing to serve."""

from django.contrib.staticfiles.management.commands.runserver import Command as RunServer
from django.db import Error

from api.management.preparing import in_a_line, newest, unapplied


class Command(RunServer):
    def check_migrations(self) -> None:
        """Tell in a line what the database lacks."""
        try:
            lacks = "migrations" if unapplied() else "" if newest() else "a release"
        except Error as error:
            self.stderr.write(f"DATABASE_URL: {in_a_line(error)}")
            return
        if lacks:
            self.stderr.write(
                f"The database lacks {lacks}: run `manage.py up`, which makes what is missing and serves."
            )
