"""A process by its number in; out, which it has started, and how much memory it holds. Linux only."""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill_group(group: int) -> None:
    """Kill a process that leads a group, with all that it has started, and return once none of them runs."""
    os.killpg(group, signal.SIGKILL)
    while group in map(_group_of, _numbers()):
        time.sleep(0.01)


def _numbers() -> Iterator[int]:
    """The processes of this machine."""
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _group_of(pid: int) -> int | None:
    """The group of a process that runs."""
    try:
        state, _, group, *_ = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has just ended
        return None
    return None if state in "ZX" else int(group)


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
