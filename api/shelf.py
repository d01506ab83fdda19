"""Answers in, by what they depend on; out, the same for as long as they are asked for, within bounds."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from api.rates import Counters
from api.releases import Newest
from api.views.contract import Lasting

Header = tuple[str, str]
Key = tuple[str | None, ...]

LONGEST_KEY = 1000  # characters; who means well asks for nothing longer again and again
MOST, MOST_BYTES = 2000, 24_000_000  # of each of the two segments


class Hit(NamedTuple):
    """What the log and the metrics are told of a hit."""

    method: str
    route: str
    status: int
    release: int | None
    partner: str | None = None
    key: str | None = None


class Entry:
    """An answer as it was sent, less what belonged to the request; and what it takes to let others have it."""

    __slots__ = (
        "body",
        "coding",
        "cost",
        "counters",
        "headers",
        "hit",
        "is_new",
        "lasting",
        "size",
        "status",
        "was_used",
    )

    def __init__(
        self,
        status: str,
        headers: list[Header],
        body: bytes,
        lasting: Lasting,
        hit: Hit,
        counters: Counters,
        cost: int = 1,
    ) -> None:
        self.status = status
        self.headers = headers
        self.coding = dict(headers).get("Content-Encoding")
        self.body = body
        self.lasting = lasting
        self.hit = hit
        self.cost = cost
        self.counters = counters
        self.size = len(body) + sum(len(name) + len(text) for name, text in headers) + LONGEST_KEY
        self.is_new = True
        self.was_used = False


class Segment:
    """Entries in the order in which they came, bounded by their number and bytes."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.bytes = 0
        self.entries: OrderedDict[Key, Entry] = OrderedDict()

    def add(self, key: Key, entry: Entry) -> None:
        """Take in an entry, as the last."""
        self.entries[key] = entry
        self.bytes += entry.size

    def remove(self, key: Key) -> None:
        """Let go of an entry."""
        self.bytes -= self.entries.pop(key).size

    def first(self) -> tuple[Key, Entry] | None:
        """What came first, where something must go."""
        if len(self.entries) <= self.most and self.bytes <= self.most_bytes:
            return None
        return next(iter(self.entries.items()))


class Shelf:
    """The entries that hold on one day while one release is the newest.

    They are on probation at first, and proved once they were asked for again.

    Whoever asks for a million things, each once, drives out others that were asked for once, and nothing that is asked
    for again and again. A proved entry that was used since it was looked at last gets another round.

    `by_key` may be read without the lock, since it is changed by one operation at a time.
    """

    def __init__(self, newest: Newest | None, day: int = 0, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self.newest, self.day = newest, day
        self.by_key: dict[Key, Entry] = {}
        self.on_probation = Segment(most, most_bytes)
        self.proved = Segment(most, most_bytes)
        self.lock = Lock()

    def holds(self, newest: Newest | None, day: int) -> bool:
        """Whether what is on it is so on a day while a release is the newest."""
        return self.newest is newest and self.day == day

    def add(self, key: Key, entry: Entry) -> None:
        """Take in an entry, on probation; one that is there stays."""
        with self.lock:
            if key in self.by_key:
                return
            self.by_key[key] = entry
            self.on_probation.add(key, entry)
            while first := self.on_probation.first():
                self.on_probation.remove(first[0])
                del self.by_key[first[0]]

    def prove(self, key: Key, entry: Entry) -> None:
        """Keep an entry for longer, since it was asked for again."""
        with self.lock:
            if self.by_key.get(key) is not entry or not entry.is_new:  # by now
                return
            entry.is_new = False
            self.on_probation.remove(key)
            self.proved.add(key, entry)
            while first := self.proved.first():
                self.proved.remove(first[0])
                if first[1].was_used:
                    first[1].was_used = False
                    self.proved.add(*first)
                else:
                    del self.by_key[first[0]]

    def hottest(self, most: int) -> list[Key]:
        """What was asked for again and again, the newest last; so many at most."""
        with self.lock:
            return [*self.proved.entries][-most:]
