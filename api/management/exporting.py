"""Exporting metrics: what the workers counted in; out, the sum of it on a port of its own, for Prometheus to ask."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from api.management.serving import reason_of, take_port
from api.metrics import PUBLISHED

MEMORY = Path("/dev/shm")  # noqa: S108 # nosec B108 - a folder with a name that nobody knows is made in it
SECONDS_FOR_A_CLIENT = 5

log = logging.getLogger(__name__)


@contextmanager
def measured() -> Iterator[Callable[[], None]]:
    """What opens the listener for Prometheus once the workers have started; nothing where METRICS_PORT is `none`.

    What the workers count is kept in memory where it can be, which a full disk does not touch, and gone in the end.

    Raises:
        CommandError: the port is not to be had, or no folder can be written.
    """
    if settings.METRICS_PORT is None:
        yield lambda: None
        return
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    try:
        listener = take_port(settings.METRICS_HOST.strip("[]"), settings.METRICS_PORT)
        folder = TemporaryDirectory(prefix="sclero-metrics-", dir=place)
    except OSError as error:
        raise CommandError(f"Cannot give metrics at METRICS_HOST and METRICS_PORT: {reason_of(error)}.") from None
    with listener, folder as name:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = name  # where the library looks for it, in the workers too
        yield partial(export, listener, name)


class Sums:
    """The metrics of all workers, and how old the release is by now. Asks for nothing but the files of a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def collect(self) -> Iterator[Any]:
        """Each metric, as the library takes them."""
        from prometheus_client.core import GaugeMetricFamily
        from prometheus_client.multiprocess import MultiProcessCollector

        for metric in MultiProcessCollector(None, self.folder).collect():  # type: ignore[no-untyped-call]
            yield metric
            if metric.name == PUBLISHED and metric.samples:
                age = max(0.0, time.time() - metric.samples[0].value)
                yield GaugeMetricFamily("sclero_release_age_seconds", "Time since it was published.", age)


class Listener(ThreadingHTTPServer):
    """A server on a socket that listens already."""

    def __init__(self, listener: socket.socket, handler: Any) -> None:
        super().__init__(listener.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of a failure without a traceback."""
        log.warning("export_failed", exc_info=True)


def export(listener: socket.socket, folder: str) -> None:
    """Answer on the socket with the metrics, as long as the process lives."""
    from prometheus_client import CollectorRegistry, MetricsHandler

    class Handler(MetricsHandler):
        registry = CollectorRegistry()
        timeout = SECONDS_FOR_A_CLIENT
        server_version, sys_version = "sclero", ""

    Handler.registry.register(Sums(folder))
    Thread(target=Listener(listener, Handler).serve_forever, daemon=True).start()
