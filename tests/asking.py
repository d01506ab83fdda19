"""A request as it stands on the wire in; out, what the real application answers to it, called as a server does."""

import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from itertools import count
from typing import IO, Any, NamedTuple
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults

import brotli
import zstandard
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from sclero_service.wsgi import application, django

FIRST_CLIENT = IPv4Address("10.0.0.1")
_clients = count()  # each request is that of another client, so that none asks too often
JSON: dict[str, Any] = {"CONTENT_TYPE": "application/json"}


DECODE: dict[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "gzip": gzip.decompress,
}


__all__ = ["DECODE", "JSON", "Answer", "Broken", "application", "ask", "django", "in_full"]


def in_full(text: str) -> str:
    """A text of an example, in which `a…` stands for more of them than anybody reads."""
    return text.replace("a…", "a" * 40_000)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def plain(self) -> bytes:
        """The body without its content coding."""
        return DECODE[self.headers.get("Content-Encoding", "")](self.body)


def ask(
    method: str,
    target: str,
    body: bytes = b"",
    stream: IO[bytes] | None = None,
    of: Callable[..., Any] = application,
    **environ: Any,
) -> Answer:
    """What the application answers to a request, whose target is as it stands in the request line."""
    path, _, query = target.partition("?")
    sent: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": str(FIRST_CLIENT + next(_clients)),
        "wsgi.input": stream or io.BytesIO(body),
        **environ,
    }
    setup_testing_defaults(sent)
    started: list[Any] = []
    with connection_kept():
        answer = of(sent, lambda *told: started.extend(told))
        told = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
    return Answer(int(started[0].split()[0]), dict(started[1]), told)


@contextmanager
def connection_kept() -> Iterator[None]:
    """Let requests use the connection of the caller, with its transaction, as Django's test client does."""
    moments = (request_started, request_finished)
    for moment in moments:
        moment.disconnect(close_old_connections)
    try:
        yield
    finally:
        for moment in moments:
            moment.connect(close_old_connections)


class Broken(io.BytesIO):
    """A connection that the client closed."""

    def read(self, *size: int | None) -> bytes:
        raise OSError("the client left")

    readline = read
