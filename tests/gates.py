"""Gates in; out, what each came to, in a line of its own; one that fails does not keep the next from being tried."""

import subprocess
import time
from collections.abc import Callable, Mapping


class GateError(Exception):
    """Raised where a gate finds something, or cannot run."""


FAILS = (GateError, AssertionError, OSError, subprocess.SubprocessError, ValueError, KeyError)


def try_all(gates: Mapping[str, Callable[[], str]]) -> int:
    """Try each gate, and print what it came to; out, 1 where any of them failed, else 0."""
    failed = 0
    for title, gate in gates.items():
        start = time.monotonic()
        try:
            came_to = gate()
        except FAILS as problem:
            failed += 1
            came_to = f"FAILED: {problem}"
        print(f"{title}: {came_to} ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{len(gates) - failed} gates passed, {failed} failed")
    return 1 if failed else 0
