"""An answer in; out, the representation of it that the client asked for, or 304 where it has that one (RFC 9110).

Nothing here is a secret beside what the client sent itself, there is no cookie, and keys never stand in a body: so the
length of a compressed answer tells nobody anything (no BREACH). Pages of the admin, which have all that, are not
compressed.
"""

import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from threading import Lock

import brotli
import zstandard
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from api.authentication import is_for_admin
from api.errors import problem_response
from api.negotiation import IDENTITY, coding_for
from api.problems import PROBLEMS

# In the order in which they are preferred; at levels that take a few milliseconds for 100 kB.
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": lambda body: zstandard.compress(body, 6),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
LEAST_BYTES = 1000
MOST_KEPT = 256
TEXT = re.compile(r"text/|application/([a-z.-]+\+)?(json|javascript|xml|yaml)\b|image/svg\+xml")
# What a 304 says of the representation; `Content-Release` is ours.
OF_NOT_MODIFIED = ("ETag", "Cache-Control", "Content-Location", "Date", "Expires", "Vary", "Content-Release")


Answer = HttpResponse | StreamingHttpResponse
Key = tuple[str, str]


class _Kept:
    """Compressed bodies by path and ETag; those least recently used are dropped first."""

    def __init__(self) -> None:
        self.bodies: OrderedDict[Key, bytes] = OrderedDict()
        self.lock = Lock()

    def get(self, key: Key, make: Callable[[], bytes]) -> bytes:
        """The body of the key, which `make` makes where it is not kept."""
        with self.lock:
            body = self.bodies.get(key)
        if body is None:
            body = make()
        with self.lock:
            self.bodies[key] = body
            self.bodies.move_to_end(key)
            while len(self.bodies) > MOST_KEPT:
                self.bodies.popitem(last=False)
        return body


_kept = _Kept()


class SelectRepresentation:
    """Middleware that sends an answer as the client takes it: compressed or not, or as 304.

    Each coding has an ETag of its own. HEAD is answered as GET is; the server leaves out the body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Answer:
        if is_for_admin(request):
            return self.get_response(request)
        accepted = request.META.get("HTTP_ACCEPT_ENCODING")
        if coding_for(accepted, [*CODINGS], is_worth_it=False) is None:
            detail = f"Take the content coding `{IDENTITY}`, or one of `{'`, `'.join(CODINGS)}`."
            return problem_response(request, PROBLEMS["not_acceptable"], detail, headers={"Vary": "Accept-Encoding"})
        request.META.pop("HTTP_RANGE", None)  # an answer is sent whole, so that no range of it can be refused
        asked = request.method
        if asked == "HEAD":
            request.method = "GET"
        response = self.get_response(request)
        request.method = asked
        patch_vary_headers(response, ["Accept-Encoding"])
        return response if response.status_code == 304 else represented(request, response)


def represented(request: HttpRequest, response: Answer) -> Answer:
    """The answer as the client takes it; see `SelectRepresentation`."""
    coding = coding_for(request.META.get("HTTP_ACCEPT_ENCODING"), [*CODINGS], is_worth_it(response)) or IDENTITY
    key = None
    if response.status_code == 200 and request.method in ("GET", "HEAD"):
        etag = etag_of(response)
        if etag is not None:
            response["ETag"] = etag if coding == IDENTITY else f'{etag[:-1]}-{coding}"'
            key = (request.path, response["ETag"])
            if client_has(request, response["ETag"]):
                return not_modified(response)
    if coding != IDENTITY:
        body = _kept.get(key, partial(_coded, response, coding)) if key else _coded(response, coding)
        replace_body(response, body)
        response["Content-Encoding"] = coding
    return response


def _coded(response: Answer, coding: str) -> bytes:
    """The body of an answer in a coding."""
    return CODINGS[coding](response.getvalue())


def is_worth_it(response: Answer) -> bool:
    """True for a text that is long enough to be made smaller."""
    length = int(response["Content-Length"]) if response.streaming else len(response.getvalue())
    return length >= LEAST_BYTES and TEXT.match(response.get("Content-Type", "")) is not None


def etag_of(response: Answer) -> str | None:
    """The ETag that the answer has, else one made from its body; None where it may not be stored."""
    if "ETag" in response:
        return response["ETag"]
    if "no-store" in response.get("Cache-Control", ""):
        return None
    return f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'


def client_has(request: HttpRequest, etag: str) -> bool:
    """True where `If-None-Match` names the ETag, compared weakly, or anything."""
    sent = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return "*" in sent or etag in (own.removeprefix("W/") for own in sent)


def not_modified(response: Answer) -> Answer:
    """The answer as a 304: without a body, nor what is said of one."""
    response.status_code = 304
    replace_body(response, b"")
    for name in set(response.headers) - set(OF_NOT_MODIFIED):
        del response[name]
    return response


def replace_body(response: Answer, body: bytes) -> None:
    """Give an answer another body. A file that it had is closed with it."""
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = [body]
    else:
        response.content = body
    response["Content-Length"] = str(len(body))
