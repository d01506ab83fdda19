"""What is to be read from the database in; what came of it out, done in the background, so that no request waits long.

A poller is one thread, which asks twice a second what is new. A database that answers nothing holds up the thread, and
nobody else: who asks it for more is told so after two seconds, and at once as soon as it was held up for that long.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError, close_old_connections

SECONDS_BETWEEN = 0.5
PATIENCE = 2.0  # seconds that a request waits at most
UNREACHABLE = (DatabaseError, InterfaceError)  # what a database makes its reader raise while it is away

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Poller:
    """A thread that refreshes what is known twice a second, and between does what requests ask for."""

    def __init__(self, name: str, refresh: Callable[[], None]) -> None:
        self._refresh = partial(connected, refresh)
        self._asked: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._busy_since = float("inf")
        self._begun = Event()
        self._ended = Event()
        Thread(target=self._run, name=name, daemon=True).start()

    def wait_for_the_first(self) -> None:
        """Return as soon as what is known was refreshed once, or the patience of a request is at its end."""
        self._begun.wait(PATIENCE)

    def do(self, work: Callable[[], Result]) -> Result:
        """What the work comes to, done by the thread.

        Raises:
            TimeoutError: the thread is held up.
        """
        if monotonic() - self._busy_since > PATIENCE:
            raise TimeoutError
        future: Future[Result] = Future()
        self._asked.put((future, partial(connected, work)))
        try:
            return future.result(PATIENCE)
        finally:
            future.cancel()

    def end(self) -> None:
        """Let the thread end with what it is doing."""
        self._ended.set()

    def _run(self) -> None:
        """Refresh each second, and do what is asked for in between."""
        due = monotonic()
        while not self._ended.is_set():
            if monotonic() >= due:
                self._busy_since = monotonic()
                try:
                    self._refresh()
                except Exception:
                    log.exception("refresh_failed")
                self._begun.set()
                due = monotonic() + SECONDS_BETWEEN
            self._busy_since = float("inf")
            with suppress(Empty):
                self._serve(*self._asked.get(timeout=max(0.0, due - monotonic())))

    def _serve(self, future: Future[Any], work: Callable[[], Any]) -> None:
        """Do what a request asks for, unless it has given up."""
        self._busy_since = monotonic()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)


def connected(work: Callable[[], Result]) -> Result:
    """What the work comes to on a connection that is checked before, and after it kept only where that is meant."""
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
