"""The URL of a Valkey in; out, loans from quotas that all processes share.

One connection for a process, of which a thread of its own takes care: no request looks a name up, connects, or waits
for longer than `SLICES` allow. Where an answer does not come in that time, requests go on without, until the thread,
which waits for that answer and then tries again and again, has had one in time.
"""

import logging
import secrets
import time
from hashlib import blake2b
from threading import Thread
from typing import Any

from valkey import ConnectionPool
from valkey.exceptions import TimeoutError as LateError
from valkey.exceptions import ValkeyError

from api import metrics
from api.rates.counting import SHARE, Loan, Policy

log = logging.getLogger(__name__)

# An answer is waited for 50 ms. In slices: where a busy machine stood still for one, the Valkey gets another.
SLICES = 5 * (0.01,)
SECONDS_TO_REACH = 1.0
SECONDS_BETWEEN_TRIES = 0.25
FAILURES = (ValkeyError, OSError, ValueError)
# It runs alone, and by the clock of the server, so no process can see a window that is not there for all.
SCRIPT = f"""
local requests, window, process = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local held, least, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local left = redis.call('PTTL', KEYS[1])
if left < 1 or left > window then
  redis.call('DEL', KEYS[1])
  left = window
end
redis.call('HSET', KEYS[1], process, held)
local open, granted = requests, 0
for _, each in ipairs(redis.call('HVALS', KEYS[1])) do open = open - tonumber(each) end
if open >= least then
  granted = math.max(least, math.min(most, math.floor(open / {SHARE})))
  redis.call('HSET', KEYS[1], process, held + granted)
end
redis.call('PEXPIRE', KEYS[1], left)
return {{granted, math.max(open - granted, 0), left}}
"""
TRIAL = Policy("trial", "", 0, 1)


class SharedCounts:
    """Lends from counts in a Valkey, which has for each holder's window how much of it each process holds.

    What it is told of a holder is a digest that only this service can make.
    """

    def __init__(self, url: str, secret: str) -> None:
        pool: Any = ConnectionPool
        self.connection: Any = pool.from_url(url, socket_timeout=SECONDS_TO_REACH).make_connection()
        self.secret = secret.encode()[:64]
        self.script = b""
        self.process = secrets.token_hex(4)
        self.is_reached = False
        self._have_it_reached(is_late=False)

    def lend(self, policy: Policy, holder: str, held: int, least: int, most: int) -> Loan | None:
        """A loan of the least or more, or of 0, beside what this process holds. None: it cannot be reached.

        One question at a time: whoever asks has to wait for who asked before.
        """
        if not self.is_reached:
            return None
        is_late = False
        try:
            self._ask(policy, holder, held, least, most)
            if self._is_answered():
                return self._answer()
            is_late = True
        except FAILURES:
            pass
        self.is_reached = False
        self._have_it_reached(is_late)
        return None

    def _ask(self, policy: Policy, holder: str, held: int, least: int, most: int) -> None:
        """Send a question."""
        digest = blake2b(f"{policy.name} {holder}".encode(), digest_size=16, key=self.secret, person=b"rates")
        told = (policy.requests, policy.seconds * 1000, self.process, held, least, most)
        self.connection.send_command("EVALSHA", self.script, 1, f"sclero:rate:{digest.hexdigest()}", *told)

    def _is_answered(self) -> bool:
        """Whether the answer comes in time."""
        return any(self.connection.can_read(seconds) for seconds in SLICES)

    def _answer(self) -> Loan:
        """The answer."""
        granted, beyond, left = self.connection.read_response()
        return Loan(granted, beyond, left / 1000)

    def _have_it_reached(self, is_late: bool) -> None:
        """Have the server reached in the background, by the answer that is late, or by connecting anew."""
        Thread(target=self._until_reached, args=(is_late,), daemon=True).start()

    def _until_reached(self, is_late: bool) -> None:
        """Wait for the late answer, connect where it does not come, and try what requests will ask."""
        has_told = False
        while not self.is_reached:
            try:
                self._answer() if is_late else self._connect()
                self._ask(TRIAL, "", 0, 0, 0)
                if not self._is_answered():
                    raise LateError
                self._answer()
                self.is_reached = True
                metrics.reach("cache", True)
                log.info("cache_reached")
            except FAILURES as failure:
                is_late = False
                if not has_told:
                    log.warning("cache_away", extra={"error": type(failure).__name__})
                    metrics.reach("cache", False)
                    has_told = True
                time.sleep(SECONDS_BETWEEN_TRIES)

    def _connect(self) -> None:
        """Connect anew, and have the script kept."""
        self.connection.disconnect()
        self.connection.connect()
        self.connection.send_command("SCRIPT LOAD", SCRIPT)
        self.script = self.connection.read_response()
