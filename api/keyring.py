"""The only reader and writer of partner keys: what a key is for in, a new one out; a digest in, whose live key out.

No request waits for the database to be told of a key: each process holds a copy of all live keys, which is read anew
when it is used and a second old. A revocation holds within two seconds everywhere. While the database is away, the copy
that was read last goes on.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from threading import Lock

from django.db import DatabaseError, InterfaceError
from django.db.models import Q
from django.utils import timezone

from api import keys
from api.keys import Caller
from api.models import PartnerKey

FRESH_SECONDS = 1.0  # as long as a copy is not read anew
MOST_SECONDS = 2.0  # from this age on, whoever uses a copy waits for the one who reads it anew
PATIENCE = 1.0  # and so long at most
UNUSABLE = (DatabaseError, InterfaceError)


class KeysUnavailableError(Exception):
    """Raised where no key can be told from another: none was read before the database went away."""


def issue(key: PartnerKey) -> str:
    """Write a new key, of which all but its id and digest is chosen; its text, which is kept nowhere.

    Raises:
        ValidationError: it is not what a key may be.
    """
    text = keys.new_key(key.is_test)
    key.id, key.digest = keys.id_of(text), keys.digest_of(text)
    key.full_clean()
    key.save(force_insert=True)
    return text


def revoke(key: PartnerKey) -> bool:
    """End a key; False where that was done before."""
    return PartnerKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()) > 0


def read_callers() -> Mapping[str, Caller]:
    """Whose key each live one is, by its digest."""
    live = PartnerKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)
    rows = live.values_list("digest", "partner_id", "id", "is_test", "scopes", "expires_at")
    return {
        digest: Caller(partner, key, is_test, frozenset(scopes.split()), expires_at)
        for digest, partner, key, is_test, scopes, expires_at in rows
    }


class LiveKeys:
    """The live keys by digest, as a process knows them: `read` reads them, `clock` tells how old they are."""

    def __init__(
        self, read: Callable[[], Mapping[str, Caller]] = read_callers, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read_callers = read
        self._clock = clock
        self._callers: Mapping[str, Caller] | None = None
        self._read_at = self._failed_at = -math.inf
        self._lock = Lock()

    def caller(self, digest: str) -> Caller | None:
        """Whose key the digest is of; None where there is no such key, or it is not live.

        Raises:
            KeysUnavailableError: no keys could be read yet.
        """
        self._keep_fresh()
        if self._callers is None:
            raise KeysUnavailableError
        return self._live(self._callers, digest)

    def at_hand(self, digest: str) -> Caller | None:
        """Whose key the digest is of, as long as the keys need not be read; None says nothing of it."""
        callers = self._callers
        return None if callers is None or self._is_due() else self._live(callers, digest)

    def _live(self, callers: Mapping[str, Caller], digest: str) -> Caller | None:
        """Whose key the digest is of among these, unless it has ended."""
        caller = callers.get(digest)
        if caller is None or (caller.expires_at is not None and caller.expires_at <= timezone.now()):
            return None
        return caller

    def _is_due(self) -> bool:
        """Whether the keys are to be read: the copy is a second old, and so is the last failure to read them."""
        return self._clock() - max(self._read_at, self._failed_at) >= FRESH_SECONDS

    def _keep_fresh(self) -> None:
        """Read the keys where that is due and nobody else does; meanwhile others go on with a copy that is young.

        With an old one they wait, but not for a database that is known to be away.
        """
        if not self._is_due():
            return
        waits = self._clock() - self._read_at >= MOST_SECONDS and self._failed_at < self._read_at
        if not self._lock.acquire(timeout=PATIENCE if waits or self._callers is None else 0):
            return
        try:
            if self._is_due():
                self._read()
        finally:
            self._lock.release()

    def _read(self) -> None:
        """Read the keys, or note that they cannot be read. A copy is as old as the question that it answers."""
        asked_at = self._clock()
        try:
            self._callers = self._read_callers()
            self._read_at = asked_at
        except UNUSABLE:
            self._failed_at = self._clock()


class LastUses:
    """The day of the last use of each key, as a process has told it to the database."""

    def __init__(self) -> None:
        self._told: dict[str, date] = {}
        self._lock = Lock()

    def tell(self, key: str) -> None:
        """Tell that a key was used today, once a day. What the database refuses is not told on that day."""
        today = datetime.now(UTC).date()
        with self._lock:
            if self._told.get(key) == today:
                return
            self._told[key] = today
        with suppress(*UNUSABLE):
            not_told = Q(last_used_on=None) | Q(last_used_on__lt=today)
            PartnerKey.objects.filter(not_told, pk=key).update(last_used_on=today)


live_keys = LiveKeys()
last_uses = LastUses()
