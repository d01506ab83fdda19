"""The database that DATABASE_URL names in; the same with every table and the small content of the specimen out.

Publishing that takes a second, where the packaged content takes ten: python -m tests.small_database
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django is set up by now
from django.core.management import call_command  # noqa: E402

from api.publishing import load_content  # noqa: E402


def main() -> None:
    """Make the tables, load what is packaged, and cut it."""
    from tests.specimen import cut

    call_command("migrate", verbosity=0)
    load_content(settings.FIXTURES)
    cut()


if __name__ == "__main__":
    main()
