"""A number in, or none; out, the release: from memory where it can be, and without waiting for a database that is away.

In a process that serves, a poller asks which release is newest, and a request reads what is known: no more than two
seconds old. In any other process, such as a command or a test, each reading asks the database itself.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import close_old_connections

from api.history import Withdrawn
from api.models.releases import BrokenReleaseError, withdrawn_as_of
from api.releases.frozen import ContentUnavailableError, FrozenRelease, ReleaseNotFoundError
from api.releases.poller import Poller
from api.releases.store import UNREACHABLE, Newest, Store

Result = TypeVar("Result")


class Reader:
    """Reads releases. While the database is away, or a row is broken, what was read last stands."""

    def __init__(self) -> None:
        self.store = Store()
        self._poller: Poller | None = None

    def poll(self) -> None:
        """Begin with nothing in memory, and from now on learn of new releases in the background."""
        self.end()
        self.store = Store()
        self._poller = Poller(partial(connected, self.store.refresh))

    def end(self) -> None:
        """Learn of new releases in the background no longer."""
        if self._poller:
            self._poller.end()
        self._poller = None

    def newest(self) -> Newest:
        """The newest release, with the history up to it.

        Raises:
            ContentUnavailableError: none was read.
        """
        self._look()
        if self.store.newest is None:
            raise ContentUnavailableError
        return self.store.newest

    def pinned(self, number: int) -> FrozenRelease:
        """The release of a number.

        Raises:
            ReleaseNotFoundError: there is none.
            ContentUnavailableError: it is not in memory and cannot be read.
        """
        self._look()
        if self._poller and number not in self.store.digests:  # it may have been published a moment ago
            self._ask(self.store.refresh)
        digest = self.store.digests.get(number)
        if digest is None:
            raise ContentUnavailableError if self.store.is_away else ReleaseNotFoundError
        return self.store.kept(number, digest) or self._ask(partial(self.store.read, number, digest))

    def withdrawn(self, release: FrozenRelease) -> Withdrawn:
        """What is withdrawn as of a release.

        Raises:
            ContentUnavailableError: it does not say so itself, and the releases before it cannot be read.
        """
        if release.withdrawn is not None:
            return release.withdrawn
        key = (release.number, release.digest)
        if key not in self.store.withdrawn:
            self.store.withdrawn[key] = self._ask(partial(withdrawn_as_of, release.number))
        return self.store.withdrawn[key]

    def _look(self) -> None:
        """See to it that the store knows the newest release, as far as that can be."""
        if self._poller:
            self._poller.wait_for_the_first()
        else:
            self.store.refresh()

    def _ask(self, work: Callable[[], Result]) -> Result:
        """What the work comes to that needs the database.

        Raises:
            ContentUnavailableError: the database is away, as far as is known, or does not answer in time.
            ReleaseNotFoundError: the release is not there any more.
        """
        try:
            if self._poller is None:
                return work()
            if self.store.is_away:
                raise ContentUnavailableError
            return self._poller.do(partial(connected, work))
        except (*UNREACHABLE, BrokenReleaseError, TimeoutError) as error:
            raise ContentUnavailableError from error


def connected(work: Callable[[], Result]) -> Result:
    """What the work comes to on a connection that is checked before, and after it kept only where that is meant."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
