#!/usr/bin/env python
"""Runs the management commands. What is wrong with the settings or the database is told in a line for each."""

import os
import re
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error


def main(arguments: list[str]) -> None:
    """Run a command; exit with status 1 and the reason where it cannot be run. `--traceback` shows more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
    try:
        _ = settings.INSTALLED_APPS
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except Error as error:
        if "--traceback" in arguments:
            raise
        sys.exit(told(error))


def told(error: Error) -> str:
    """Why the database cannot be used, in a line, and what to do where tables are missing."""
    reason = " ".join(str(error).split())
    lacks_tables = re.search(r"no such (table|column)|(relation|column) .* does not exist", reason)
    return f"DATABASE_URL: {reason}{'. Run: manage.py migrate' if lacks_tables else ''}"


if __name__ == "__main__":
    main(sys.argv)
