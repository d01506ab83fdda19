"""One release of the packaged content for all tests; a test that publishes more is rolled back."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from api.content import FrozenRelease, current
from api.publishing import load_content, publish


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        load_content(settings.FIXTURES)
        publish("The packaged content")


@pytest.fixture
def release(db: None) -> FrozenRelease:
    return current()


@pytest.fixture
def client(db: None) -> Client:
    """A client that names this machine as its host and sees a 500 as a partner would."""
    return Client(SERVER_NAME="localhost", raise_request_exception=False)
