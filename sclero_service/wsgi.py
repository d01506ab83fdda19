"""WSGI: a request of the server in, the answer of the application out."""

import os
from collections.abc import Mapping
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sclero_service.settings")


class Request(WSGIRequest):
    """A request whose `Content-Type` only the parser of its view reads.

    Django would read it first, fail on some that it cannot read, and decode the query by the charset that it names.
    """

    def _set_content_type_params(self, meta: Mapping[str, Any]) -> None:
        self.content_type, self.content_params = "", {}


application = get_wsgi_application()
application.request_class = Request
