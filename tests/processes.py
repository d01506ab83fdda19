"""A process by its number in; out, which it has started, and how much memory it holds. Linux only."""

import os
import signal
from collections.abc import Iterable
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pids: Iterable[int]) -> int:
    """The bytes of memory that processes hold of their own, what they share not counted."""
    told = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids)
    return sum(
        1024 * int(line.split()[1])
        for text in told
        for line in text.splitlines()
        if line.startswith(("Private_Clean:", "Private_Dirty:"))
    )


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """Signal processes."""
    for pid in pids:
        os.kill(pid, number)
