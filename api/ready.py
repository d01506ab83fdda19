"""A request in; out, what Django answered to the same one before, without asking Django; what is new goes to Django.

This stands outside Django, as WSGI. It decides nothing itself: it learns. An answer that a view marked as lasting is
kept, as it was sent, by all that it depends on (`DEPENDS_ON`), on one day under one release. Of a plan that is sent,
all but the body is kept, and that is made as the view makes it, by a function that comes with the mark. What belongs
to a request alone is done for each: its key is looked up, it is counted, and its answer gets its own `X-Request-ID` and
`RateLimit`. Whatever is not as plain as that is handed to Django, which decides and explains it.

Many threads may be in here at once. Each step on the way of a hit is one operation on a dictionary or a deque, which
the interpreter does as a whole; what takes more than one is done under a lock. See `api.shelf`.
"""

import gc
import io
import logging
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from itertools import product
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings

from api import metrics, releases
from api.addresses import client_address
from api.admission import ACCOUNT, REHEARSED, names_what_it_has
from api.authentication import NOBODY, caller_in_brief
from api.errors import id_by, size_of_headers
from api.keyring import keyring
from api.keys import KeptLimits
from api.problems import MOST_OF_HEADERS
from api.rates import Counters, policy_of, quota_of
from api.releases import Newest
from api.representations import CODINGS, LEAST_BYTES
from api.serializers import FACTS
from api.shelf import LONGEST_KEY, Entry, Header, Hit, Key, Shelf
from api.views.contract import A_DAY, LASTING, AnswerAtOnce, Lasting

Environ = dict[str, Any]
Start = Callable[..., Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]

READING = ("GET", "HEAD")
METHODS = (*READING, "POST")
# All of a request that Django's answer to it depends on, but its caller, where a view marks that answer as lasting. Of
# its other headers none is read, or only where the answer is another: of the admin, a file, a preflight, a failure.
DEPENDS_ON = (
    *("REQUEST_METHOD", "wsgi.url_scheme", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_HOST"),
    *("HTTP_X_FORWARDED_PROTO", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH"),
)
# Of a request that sends a plan, this too; the answer to its body is made anew, by what the view marked.
DEPENDS_ON_BODY = (*DEPENDS_ON, "CONTENT_TYPE", "HTTP_CONTENT_ENCODING", "HTTP_ORIGIN")
OF_THE_REQUEST = frozenset({"X-Request-ID", "RateLimit", "RateLimit-Policy"})
LONGEST_HOPS = 200  # characters of X-Forwarded-For; what is longer is read each time
MOST_UNTOLD = 1_000_000  # hits that wait for the log and the metrics
SECONDS_BETWEEN = 1.0
# What is compressed before anybody asks for it.
PLAIN = (
    *(f"/v1/{name}" for name in FACTS),
    *("/v1/session-plans/examples", "/v1/openapi.yaml", "/v1/openapi.json", "/v1/coverage", "/docs"),
)
MOST_REHEARSED = 200  # answers that were asked for again and again, and are made anew for the next release

log = logging.getLogger(__name__)


def address_of(peer: str, hops: str) -> str:
    """The address that a client is counted by."""
    return client_address(peer, hops, settings.TRUSTED_PROXIES)


def today() -> int:
    """The day in UTC, counted: on the next one, other reviews are overdue."""
    return int(time.time() // A_DAY)


def plain_keys(number: int) -> list[Key]:
    """The keys of plain addresses, and of the bundle of a release, in every coding."""
    proto = "https" if settings.SECURE_PROXY_SSL_HEADER else None
    return [
        ("GET", "http", "", path, "", settings.ALLOWED_HOSTS[0], proto, "*/*", coding, None)
        for path, coding in product((*PLAIN, f"/v1/releases/{number}/bundle"), CODINGS)
    ]


def keep(
    shelf: Shelf, key: Key, started: tuple[str, list[Header]], body: bytes, lasting: Lasting, counters: Counters
) -> None:
    """Put an answer on the shelf, unless it is a failure, or one to a plan that may be too short to be compressed."""
    status, headers = started
    if status[:3] not in ("200", "304") or (lasting.answer and len(body) < LEAST_BYTES):
        return
    left_out = OF_THE_REQUEST | ({"Content-Length"} if lasting.answer else set())
    lasts = [(name, text) for name, text in headers if name not in left_out]
    release = dict(headers).get("Content-Release")
    hit = Hit(str(key[0]), lasting.route, int(status[:3]), int(release) if release else None)
    is_free = status[:3] == "304" and names_what_it_has(key[DEPENDS_ON.index("HTTP_IF_NONE_MATCH")])
    shelf.add(key, Entry(status, lasts, b"" if lasting.answer else body, lasting, hit, counters, 0 if is_free else 1))


def answer_in(entry: Entry, environ: Environ, answer: AnswerAtOnce, house: KeptLimits | None) -> bytes | None:
    """The answer to the body of a request; None where Django must read it anew, and tells what stands against it.

    What is too short to be compressed would have other headers than the answer that was learned.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_TRANSFER_ENCODING" in environ or not re.fullmatch("[0-9]{1,6}", length):
        return None
    if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return None
    try:
        body = environ["wsgi.input"].read(int(length))
    except Exception:  # the client left, which Django meets, too
        return None
    with suppress(Exception):  # Django comes to the same, and tells of it
        made = answer(body, house=house) if len(body) == int(length) else None
        if made is not None and len(made) >= LEAST_BYTES:
            return CODINGS[entry.coding](made) if entry.coding else made
    environ["wsgi.input"] = io.BytesIO(body)
    return None


class ReadyAnswers:
    """The WSGI application that answers again what Django answered, and hands all else on to it."""

    def __init__(self, django: Wsgi) -> None:
        self.django = django
        self.shelf = self.next_shelf = Shelf(None)
        self.hits: deque[Hit] = deque(maxlen=MOST_UNTOLD)
        self.to_prepare: SimpleQueue[Newest] = SimpleQueue()
        self.ended = threading.Event()
        self.tells_each = log.getEffectiveLevel() <= logging.DEBUG
        # Settings are read once, since reading one takes as long as looking an answer up.
        self.takes_anonymous, self.anonymous_policy = settings.ANONYMOUS, policy_of(NOBODY)
        self.trusts_proxies = bool(settings.TRUSTED_PROXIES)
        self.address = lru_cache(4096)(address_of)

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer a request: as before, where that is sure, else by Django."""
        method = environ["REQUEST_METHOD"]
        if method not in METHODS or "HTTP_HOST" not in environ:
            return self.django(environ, start_response)
        key: Key = tuple(map(environ.get, DEPENDS_ON if method in READING else DEPENDS_ON_BODY))
        shelf, newest, day = self.shelf, releases.known(), today()
        if not shelf.holds(newest, day):
            shelf = self.shelf = self.next_shelf if self.next_shelf.holds(newest, day) else Shelf(newest, day)
        entry = shelf.by_key.get(key)
        if entry is None:
            return self._learned(key, shelf, environ, start_response)
        if entry.is_new:
            shelf.prove(key, entry)
        else:
            entry.was_used = True
        return self._again(entry, environ, start_response) or self.django(environ, start_response)

    def _again(self, entry: Entry, environ: Environ, start_response: Start) -> list[bytes] | None:
        """The answer of the entry; None where Django must say why this request does not get it.

        What costs nothing is given only where something is left.
        """
        authorization = environ.get("HTTP_AUTHORIZATION")
        address = self._address_of(environ)
        if entry.lasting.is_for_anybody or (authorization is None and self.takes_anonymous):
            hit, policy, holder, house = entry.hit, self.anonymous_policy, address, None
        else:
            caller = caller_in_brief(authorization or "", entry.lasting.scope)
            if caller is None or (entry.lasting.heeds_house and caller.house):
                return None
            house = caller.house
            hit = Hit(*entry.hit[:4], caller.partner, caller.key)
            policy, holder = quota_of(caller, address)
        if size_of_headers(environ) > MOST_OF_HEADERS:
            return None
        allowance = entry.counters.decide(policy, holder, entry.cost)
        if not allowance.admitted or (entry.cost == 0 and allowance.counter.at_hand < 1):
            return None
        body, headers = entry.body, entry.headers
        if entry.lasting.answer is not None:
            made = answer_in(entry, environ, entry.lasting.answer, house)
            if made is None:
                entry.counters.give_back(allowance, entry.cost)
                return None
            body, headers = made, [*headers, ("Content-Length", str(len(made)))]
        request_id = id_by(environ.get("HTTP_X_REQUEST_ID"))
        self.hits.append(hit)
        if self.tells_each:
            log.debug("request", extra={**hit._asdict(), "request_id": request_id})
        own = (
            ("X-Request-ID", request_id),
            ("RateLimit-Policy", policy.as_header),
            ("RateLimit", allowance.as_header()),
        )
        start_response(entry.status, [*headers, *own])
        return [body]

    def _address_of(self, environ: Environ) -> str:
        """The address that a request is counted by, as `api.admission` finds it."""
        hops = environ.get("HTTP_X_FORWARDED_FOR", "") if self.trusts_proxies else ""
        return (self.address if len(hops) <= LONGEST_HOPS else address_of)(environ.get("REMOTE_ADDR", ""), hops)

    def _learned(self, key: Key, shelf: Shelf, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """What Django answers; kept, where it is lasting and no other release became the newest meanwhile."""
        started: list[tuple[str, list[Header]]] = []

        def start(status: str, headers: list[Header], *rest: Any) -> Any:
            started.append((status, headers))
            return start_response(status, headers, *rest)

        response: Any = self.django(environ, start)
        lasting, account = environ.get(LASTING), environ.get(ACCOUNT)
        is_short = sum(map(len, filter(None, key))) <= LONGEST_KEY
        if lasting and account and is_short and releases.known() is shelf.newest:
            keep(shelf, key, started[-1], response.content, lasting, account.counters)
        answer: Iterable[bytes] = response
        return answer

    def begin(self) -> None:
        """From now on, do in the background what no request is to wait for."""
        for name, work in (("hits", self.tell_of_hits), ("prepare", self.prepare_next)):
            threading.Thread(target=self._repeat, args=(work,), name=name, daemon=True).start()

    def _repeat(self, work: Callable[[], None]) -> None:
        """Do the work once a second, until it is to end."""
        while not self.ended.wait(SECONDS_BETWEEN):
            try:
                work()
            except Exception:
                log.exception("work_failed")

    def prepare_next(self) -> None:
        """Prepare a release that was read and is not the newest yet, if there is one."""
        with suppress(Empty):
            self.prepare(self.to_prepare.get(block=False))

    def tell_of_hits(self) -> None:
        """Tell the log, the metrics and the keyring of hits since they were told last."""
        hits = Counter(self.hits.popleft() for _ in range(len(self.hits)))
        for hit, many in hits.items():
            metrics.count_hits(hit.method, hit.route, hit.status, many)
            if not self.tells_each:
                log.info("requests", extra={**hit._asdict(), "requests": many})
        for key in {hit.key for hit in hits if hit.key is not None}:
            keyring.note_use(key)

    def prepare(self, newest: Newest) -> None:
        """Have plain lists, the bundle and what is asked for again and again ready before a release is the newest."""
        day = today()
        shelf = self.shelf if self.shelf.holds(newest, day) else Shelf(newest, day)
        self.next_shelf = shelf
        counters = next((entry.counters for entry in [*self.shelf.by_key.values()]), None)
        hottest = [key for key in self.shelf.hottest(MOST_REHEARSED) if key[0] in READING]
        for key in (*plain_keys(newest.release.number), *hottest):
            self._rehearse(key, shelf, newest, counters)
        gc.freeze()  # a release lives long, and to look through it for garbage would stop every request for 50 ms

    def _rehearse(self, key: Key, shelf: Shelf, newest: Newest, counters: Counters | None) -> None:
        """Ask Django what nobody asks yet, as if the shelf's release was the newest; the answer goes on the shelf."""
        environ: Environ = {name: text for name, text in zip(DEPENDS_ON, key, strict=True) if text is not None}
        environ |= {REHEARSED: True, "SERVER_NAME": "", "SERVER_PORT": "", "wsgi.input": io.BytesIO()}
        started: list[tuple[str, list[Header]]] = []
        with releases.ahead(newest):
            response: Any = self.django(environ, lambda *told: started.append(told))
            response.close()
        lasting = environ.get(LASTING)
        if lasting and counters:
            keep(shelf, key, started[-1], response.content, lasting, counters)
