"""A number in, or none; out, the release: from memory where it can be, and without waiting for a database that is away.

In a process that serves, a poller asks which release is newest, and a request reads what is known: no more than two
seconds old. In any other process, such as a command or a test, each reading asks the database itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import local
from typing import TypeVar

from api.history import Withdrawn
from api.models.releases import BrokenReleaseError, withdrawn_as_of
from api.poller import UNREACHABLE, Poller
from api.releases.frozen import ContentUnavailableError, FrozenRelease, ReleaseNotFoundError
from api.releases.store import SECONDS_TO_EFFECT, Newest, Store

Result = TypeVar("Result")


class Reader:
    """Reads releases. While the database is away, or a row is broken, what was read last stands."""

    def __init__(self) -> None:
        self.store = Store()
        self._poller: Poller | None = None
        self._ahead = local()

    def poll(self, prepare: Callable[[Newest], None] = lambda _: None) -> None:
        """Begin with nothing in memory, and from now on learn of new releases in the background; see `Store`."""
        self.end()
        self.store = Store(SECONDS_TO_EFFECT, prepare)
        self._poller = Poller("releases", self.store.refresh)

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
        newest = getattr(self._ahead, "newest", None) or self.store.shown()
        if newest is None:
            raise ContentUnavailableError
        return newest

    def known(self) -> Newest | None:
        """The newest release, as far as it is known without waiting; None where none was read."""
        if self._poller is None:
            self.store.refresh()
        return self.store.shown()

    @contextmanager
    def ahead(self, newest: Newest) -> Iterator[None]:
        """Let this thread see a release as the newest one before it is."""
        self._ahead.newest = newest
        try:
            yield
        finally:
            del self._ahead.newest

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
        return self.store.kept(number, digest) or self._read(number, digest)

    def _read(self, number: int, digest: str) -> FrozenRelease:
        """The release of a number and digest. Its row is read by the poller, what takes longer is done here."""
        row = self._ask(partial(self.store.fetch, number, digest))
        try:
            return self.store.freeze(row)
        except BrokenReleaseError as error:
            raise ContentUnavailableError from error

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
            return self._poller.do(work)
        except (*UNREACHABLE, TimeoutError) as error:
            raise ContentUnavailableError from error
