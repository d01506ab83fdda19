"""A request in; out, what the application answers, called in this process as a server calls it."""

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import count
from typing import Any, Protocol
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application

from api.negotiation import IDENTITY


@dataclass(frozen=True)
class Answer:
    """What the application answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Ask(Protocol):
    """Asks for a path and query in a content coding; by GET, or with a body of JSON by POST."""

    def __call__(self, target: str, coding: str = IDENTITY, body: bytes | None = None) -> Answer: ...


@contextmanager
def asking() -> Iterator[Ask]:
    """What asks the application of this process, which logs none of it, and counts each request for another client.

    It needs no key: who runs a process on the database can read it anyway.
    """
    clients = count(int(IPv4Address("10.0.0.0")))
    shared, settings.CACHE_URL = settings.CACHE_URL, None
    anonymous, settings.ANONYMOUS = settings.ANONYMOUS, True
    application: Any = get_internal_wsgi_application()
    logging.disable(logging.INFO)

    def ask(target: str, coding: str = IDENTITY, body: bytes | None = None) -> Answer:
        path, _, query = target.partition("?")
        begun: list[Any] = []
        sent = {
            "REQUEST_METHOD": "GET" if body is None else "POST",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_ADDR": str(IPv4Address(next(clients))),
            "HTTP_HOST": settings.ALLOWED_HOSTS[0],
            "HTTP_ACCEPT": "application/json",
            "HTTP_ACCEPT_ENCODING": coding,
            "HTTP_X_FORWARDED_PROTO": "https",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body or b""),
        }
        if body is not None:
            sent |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
        setup_testing_defaults(sent)
        parts = application(sent, lambda status, headers, *_: begun.extend((status, headers)))
        told = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        return Answer(int(begun[0].split()[0]), dict(begun[1]), told)

    try:
        yield ask
    finally:
        settings.CACHE_URL, settings.ANONYMOUS = shared, anonymous
        logging.disable(logging.NOTSET)
