"""The only reader and writer of partner keys: what a key is for in, a new one out; a digest in, whose live key out.

A process that serves holds a copy of all live keys, which a thread reads anew twice a second, so no request waits
for the database. A revocation holds within two seconds everywhere. While the database is away, the copy that was read
last goes on.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime

from django.db.models import Q
from django.utils import timezone

from api import keys
from api.keys import Caller
from api.models import PartnerKey
from api.poller import UNREACHABLE, Poller


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


def write_use(key: str, day: date) -> None:
    """Write the day of a key's last use, unless a later one stands there."""
    before = Q(last_used_on=None) | Q(last_used_on__lt=day)
    PartnerKey.objects.filter(before, pk=key).update(last_used_on=day)


class Keyring:
    """The live keys by digest, and the days on which they were used, as a process knows them.

    In a process that serves, a poller reads and writes. In any other, such as a test, each use of a key does.
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, Caller]] = read_callers,
        write: Callable[[str, date], None] = write_use,
    ) -> None:
        self._read = read
        self._write = write
        self._poller: Poller | None = None
        self._callers: Mapping[str, Caller] | None = None
        self._used: dict[str, date] = {}
        self._written: dict[str, date] = {}

    def poll(self) -> None:
        """From now on, read and write in the background."""
        self._poller = Poller("keys", self.refresh)

    def end(self) -> None:
        """Read and write in the background no longer."""
        if self._poller:
            self._poller.end()
        self._poller = None

    def caller(self, digest: str) -> Caller | None:
        """Whose key the digest is of; None where there is no such key, or it is not live.

        Raises:
            KeysUnavailableError: no keys could be read yet.
        """
        if self._poller:
            self._poller.wait_for_the_first()
        else:
            self.refresh()
        if self._callers is None:
            raise KeysUnavailableError
        caller = self._callers.get(digest)
        if caller is None or (caller.expires_at is not None and caller.expires_at <= timezone.now()):
            return None
        return caller

    def note_use(self, key: str) -> None:
        """Note that a key is used today; the day is written once the database allows."""
        self._used[key] = datetime.now(UTC).date()
        if not self._poller:
            self._write_days()

    def refresh(self) -> None:
        """Read the live keys, and write the days of last use, as far as the database can be reached."""
        with suppress(*UNREACHABLE):
            self._callers = self._read()
        self._write_days()

    def _write_days(self) -> None:
        """Write each day of a last use that is not written yet."""
        with suppress(*UNREACHABLE):
            for key, day in self._used.copy().items():
                if self._written.get(key) != day:
                    self._write(key, day)
                    self._written[key] = day


keyring = Keyring()
