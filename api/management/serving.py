"""Serving: a host and a port in; a port that nobody shares, and the processes that answer on it, out."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from threading import Thread
from time import monotonic
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application
from django.db import connections
from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from api import metrics, releases
from api.keyring import keyring
from api.logs import log_failure_of_thread

BACKLOG = 1024
THREADS = 16
NO_NAME = socket.gaierror(socket.EAI_NONAME, "it is no host name")
SECONDS_BETWEEN_LOOKS = 0.5  # a signal that another thread was given wakes nobody who waits without end
SECONDS_TO_STOP = 1  # for requests under way; a client that is slower is cut off
MOST_ENDS = 5  # of workers in a minute, and one more for each worker; then it is no accident
STATEMENT_MILLISECONDS = 3000  # what serves asks for single rows
# How long a thread may go on while others wait, a fifth of what Python has: a release is read, and what is ready is
# sent, beside threads that check plans.
SECONDS_OF_A_TURN = 0.001

log = logging.getLogger(__name__)


def take_port(host: str, port: int) -> socket.socket:
    """A socket that listens there, for as long as the process lives, and for nobody else.

    Whoever connects before it is served waits.

    Raises:
        OSError: there is no such host here, or the port is taken or not ours to take.
    """
    if host in ("", "*"):  # which would stand for every address
        raise NO_NAME
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise NO_NAME from None
    family, *_, address = min(found, key=lambda row: row[0] != socket.AF_INET)
    dual = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    return socket.create_server(address, family=family, backlog=BACKLOG, dualstack_ipv6=dual)


def reason_of(error: OSError) -> str:
    """Why the system refuses something, in its words."""
    return str(error.strerror) if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)


def serve(listener: socket.socket, workers: int, when_served: Callable[[], None]) -> None:
    """Answer what comes in on the socket until SIGINT or SIGTERM; tell when the first answer is given.

    A worker that ends by itself is started again.

    Raises:
        SystemExit: workers end by themselves too often.
    """
    threading.excepthook = log_failure_of_thread
    Server(listener, workers, when_served).serve(target_loader=application, wrap_loader=False)


def application() -> Any:
    """The WSGI application, as a worker loads it."""
    # Ctrl-C reaches every process of the terminal. The first process alone heeds it, and ends the others.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until granian sets its own
    Thread(target=end_with_parent, daemon=True).start()
    threading.excepthook = log_failure_of_thread
    sys.setswitchinterval(SECONDS_OF_A_TURN)
    if settings.METRICS_PORT is not None:
        metrics.begin()
    use_to_serve(connections["default"].settings_dict)
    application: Any = get_internal_wsgi_application()
    application.begin()
    releases.poll(application.to_prepare.put)
    keyring.poll()
    return application


def use_to_serve(database: dict[str, Any]) -> None:
    """Change how a process connects to its database: to one that is there, and for statements that are short.

    SQLite would make an empty file where one is gone; and what is put in its place would get the log of that one.
    """
    if database["ENGINE"].endswith("postgresql"):
        options = database["OPTIONS"]
        options["options"] = f"-c statement_timeout={STATEMENT_MILLISECONDS} {options['options']}"
    elif not database["NAME"].startswith("file:"):
        database["NAME"] = f"file:{quote(database['NAME'])}?mode=rw"


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however it went: the port is free then."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def answers(listener: socket.socket, host: str) -> bool:
    """Whether a request that names the host is answered, by whatever status."""
    address, port, *_ = listener.getsockname()
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 # nosec B104 - only compared
    with closing(HTTPConnection(here, port)) as connection:
        try:
            connection.request("GET", "/livez", headers={"Host": host})
            connection.getresponse().read()
        except (OSError, HTTPException):
            return False
    return True


class Server(MPServer):
    """Granian on a socket that is there already, which all workers share. By itself it lets other servers share it."""

    _sso: Any  # what workers are given: the socket, its number, and granian's own handle of it
    _sfd: Any
    _shd: Any

    def __init__(self, listener: socket.socket, workers: int, when_served: Callable[[], None]) -> None:
        address, port, *_ = listener.getsockname()
        super().__init__(
            "sclero_service",
            address=address,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=THREADS,
            backlog=BACKLOG,
            websockets=False,
            log_level=LogLevels.error,
            log_dictconfig=settings.LOGGING,
            workers_kill_timeout=SECONDS_TO_STOP,
        )
        self.listener = listener
        self.when_served = when_served
        self.on_hangup = signal.getsignal(signal.SIGHUP)

    def _init_shared_socket(self) -> None:
        """Hand the socket to workers; and let SIGHUP end the process, or be ignored under nohup, as it was before."""
        signal.signal(signal.SIGHUP, self.on_hangup)
        self.listener.set_inheritable(True)
        self._sso = self.listener
        self._sfd = self.listener.fileno()
        self._shd = SocketHolder(self._sfd, False, BACKLOG)  # type: ignore[call-arg]  # its stub lacks them

    def _spawn_workers(self, *arguments: Any) -> None:
        """Start the workers, and then what waits for an answer of theirs."""
        super()._spawn_workers(*arguments)  # type: ignore[no-untyped-call]
        Thread(target=self.when_served, daemon=True).start()

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        """Start a worker in place of each that ends by itself, until told to stop, or until too many have ended."""
        ends: list[float] = []
        while not self.interrupt_signal:
            if not self.main_loop_interrupt.wait(SECONDS_BETWEEN_LOOKS):
                continue
            self.main_loop_interrupt.clear()
            gone = [] if self.interrupt_signal else [worker.idx for worker in self.wrks if not worker.inner.is_alive()]
            now = monotonic()
            ends = [when for when in ends if now - when < 60] + [now] * len(gone)
            if len(ends) > MOST_ENDS + self.workers:
                log.error("workers_end_too_often")
                break
            self.interrupt_children.clear()
            self._respawn_workers(gone, spawn_target, target_loader)
