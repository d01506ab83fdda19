"""Commands of the project as programs of their own: arguments and settings in, what they print out."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 300  # seconds until a program that does nothing is given up
# Takes from the program that follows the power of root to pass over the modes of files.
AS_MODES_SAY = """
import ctypes, os, sys
for power in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    ctypes.CDLL(None).prctl(24, power, 0, 0, 0)  # PR_CAPBSET_DROP; refused to whoever is not root, who has neither
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
# Lets the program that follows write no file longer than so many bytes, as on a disk that is full.
WITHOUT_ROOM = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


def environment(**chosen: str) -> dict[str, str]:
    """The environment of a command with just these settings."""
    return {**{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}, **chosen}


def interpreter(obeying: bool = False, most_bytes: int | None = None) -> list[str]:
    """The command that starts Python; `obeying` the modes of files even as root, and with room for so many bytes."""
    room = [] if most_bytes is None else ["-c", WITHOUT_ROOM, str(most_bytes)]
    return [sys.executable, *(["-c", AS_MODES_SAY] if obeying else []), *room]


def python(
    *arguments: str, obeying: bool = False, most_bytes: int | None = None, folder: Path = PROJECT, **chosen: str
) -> subprocess.CompletedProcess[str]:
    """What Python came to in a folder, with just these settings, started as `interpreter` says."""
    return subprocess.run(  # noqa: S603 - our own program
        [*interpreter(obeying, most_bytes), *arguments],
        cwd=folder,
        env=environment(**chosen),
        capture_output=True,
        text=True,
        check=False,
    )


def manage(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """What a command of manage.py came to; see `python`."""
    return python("manage.py", *arguments, **more)
