"""WSGI: a request of the server in, the answer of the application out."""

import os
from collections.abc import Mapping
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")
django = get_wsgi_application()

# These have the models, which are there from here on.
from api.authentication import is_for_admin  # noqa: E402
from api.ready import ReadyAnswers  # noqa: E402

FORM = "application/x-www-form-urlencoded"


class Request(WSGIRequest):
    """A request whose `Content-Type` only the parser of its view reads; of the admin, forms are read.

    Django would read it first, fail on some that it cannot read, and decode the query by the charset that it names.
    """

    def _set_content_type_params(self, meta: Mapping[str, Any]) -> None:
        is_form = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() == FORM
        self.content_type, self.content_params = FORM if is_form and is_for_admin(self) else "", {}


django.request_class = Request
application = ReadyAnswers(django)
