"""Records of any logger in; lines of JSON out, which hold nothing but the fields of a list.

Words are not on the list. What a message, an exception or a traceback says may hold what a client sent: a library's
line tells where in the code it was said, and a failure is told by its type and the places that it came through.
"""

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from traceback import walk_tb
from typing import Any

# What a line may say besides time, level, logger and event, which each has.
FIELDS = (
    *("request_id", "method", "route", "status", "milliseconds", "partner", "release"),
    *("requests", "error", "frames", "repeats"),
)
OURS = ("api", "sclero_service")
FOREIGN = "foreign"  # the event of a line that a library says
PROJECT = Path(__file__).resolve().parent.parent
MOST_FRAMES = 20
SECONDS_BETWEEN = 60

log = logging.getLogger(__name__)


class JsonLines(logging.Formatter):
    """A record as a line. The event of a record of ours is what it says, which is the same text each time."""

    def format(self, record: logging.LogRecord) -> str:
        is_ours = record.name.partition(".")[0] in OURS
        line: dict[str, Any] = {
            "time": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": str(record.msg) if is_ours else FOREIGN,
        }
        for name in FIELDS if is_ours else ("repeats",):
            value = getattr(record, name, None)
            if value is not None:
                line[name] = value
        failure = failure_of(record)
        if not (failure or is_ours):
            failure = {"frames": [place(record.pathname, record.lineno, record.funcName)]}
        return json.dumps({**line, **failure})


class Repeats(logging.Filter):
    """Lets a failure through once a minute from each place, with how many there were since it was told last."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self.clock = clock
        self.told: dict[str, tuple[float, int]] = {}  # by place: when it was told last, how many were not since
        self.lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        failure = failure_of(record)
        if not failure:
            return True
        now, at = self.clock(), " ".join([failure["error"], *failure["frames"][-1:]])
        with self.lock:
            when, count = self.told.get(at, (float("-inf"), 0))
            is_due = now - when >= SECONDS_BETWEEN
            self.told[at] = (now, 0) if is_due else (when, count + 1)
        record.repeats = count or None
        return is_due


def failure_of(record: logging.LogRecord) -> dict[str, Any]:
    """The type of the exception that a record tells of, and the places that it came through, the last one last."""
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, _, traceback = record.exc_info
    frames = [place(frame.f_code.co_filename, line, frame.f_code.co_qualname) for frame, line in walk_tb(traceback)]
    return {"error": kind.__qualname__, "frames": frames[-MOST_FRAMES:]}


def place(file: str, line: int, function: str | None) -> str:
    """A place in the code, as `file:line:function`; the file without the folders of this machine."""
    of_library = file.rpartition("site-packages/")[2]
    path = Path(of_library)
    if path.is_absolute():
        path = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else Path(path.name)
    return f"{path}:{line}:{function}"


def log_failure_of_thread(failed: threading.ExceptHookArgs) -> None:
    """Tell of an exception that ended a thread, as `threading.excepthook`."""
    log.error("thread_failed", exc_info=(failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback))
