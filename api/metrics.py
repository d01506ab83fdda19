"""What happens in; counts for Prometheus out, in files that the workers of `up` share. Off until `begin`.

`up` begins where METRICS_PORT is chosen; else each function here returns at once, and the library is not even loaded.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
OTHER = "other"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PUBLISHED = "sclero_release_published_timestamp_seconds"


@dataclass(frozen=True)
class Meters:
    """What is counted, by all workers together."""

    requests: "Counter"
    durations: "Histogram"
    verdicts: "Counter"
    refusals: "Counter"
    failures: "Counter"
    release: "Gauge"
    published: "Gauge"
    reached: "Gauge"


@dataclass
class State:
    """The meters, once there are any, and the newest release that this process has read."""

    meters: Meters | None = None
    release: tuple[int, datetime] | None = None
    reached: dict[str, bool] = field(default_factory=dict)


_state = State()


def begin() -> None:
    """Count from now on. `PROMETHEUS_MULTIPROC_DIR` names the folder that the workers share."""
    from prometheus_client import Counter, Histogram  # here, since it takes memory and is rarely wanted

    _state.meters = Meters(
        Counter("sclero_requests", "Requests answered.", ("method", "route", "status"), registry=None),
        Histogram("sclero_request_duration_seconds", "Time to an answer.", ("route",), registry=None, buckets=BOUNDS),
        Counter("sclero_verdicts", "Plans checked.", ("verdict",), registry=None),
        Counter("sclero_rate_refusals", "Requests refused for their rate.", ("policy",), registry=None),
        Counter("sclero_unforeseen_failures", "Requests that failed as nobody foresaw.", registry=None),
        newest("sclero_release_number", "The newest release that was read."),
        newest(PUBLISHED, "When the newest release that was read was published."),
        newest("sclero_reached", "1 where a server can be reached, 0 where it is gone without.", ("server",)),
    )
    newest("sclero_process_start_time_seconds", "When the service started, or a worker of it.").set(time.time())
    if _state.release:
        read_release(*_state.release)
    for server, is_reached in _state.reached.items():
        _tell_reached(server, is_reached)


def newest(name: str, text: str, labels: tuple[str, ...] = ()) -> "Gauge":
    """A gauge with the value that any worker set last, and none before."""
    from prometheus_client import Gauge

    return Gauge(name, text, labels, registry=None, multiprocess_mode="mostrecent")


def method_of(text: str | None) -> str:
    """A method by its name where it is one of HTTP, since clients may make up others without end."""
    return text if text in METHODS else OTHER


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request. `route` is the name of its URL pattern, `method` one of `method_of`."""
    if _state.meters:
        _state.meters.requests.labels(method, route, str(status)).inc()
        _state.meters.durations.labels(route).observe(seconds)


def count_hits(method: str, route: str, status: int, many: int) -> None:
    """Count requests that were answered as one before, in no time that a histogram could tell."""
    if _state.meters:
        _state.meters.requests.labels(method, route, str(status)).inc(many)


def count_verdict(verdict: str) -> None:
    """Count a plan that was checked."""
    if _state.meters:
        _state.meters.verdicts.labels(verdict).inc()


def count_refusal(policy: str) -> None:
    """Count a request that was refused for its rate, by the name of the policy that it went past."""
    if _state.meters:
        _state.meters.refusals.labels(policy).inc()


def count_failure() -> None:
    """Count a request that failed as nobody foresaw."""
    if _state.meters:
        _state.meters.failures.inc()


def read_release(number: int, published_at: datetime) -> None:
    """Keep the newest release that was read, so that nobody has to ask the database for the metrics."""
    _state.release = number, published_at
    if _state.meters:
        _state.meters.release.set(number)
        _state.meters.published.set(published_at.timestamp())


def reach(server: str, is_reached: bool) -> None:
    """Tell whether a server, `database` or `cache`, can be reached; what was told before is not told again."""
    if _state.reached.get(server) is not is_reached:
        _state.reached[server] = is_reached
        _tell_reached(server, is_reached)


def _tell_reached(server: str, is_reached: bool) -> None:
    if _state.meters:
        _state.meters.reached.labels(server).set(is_reached)
