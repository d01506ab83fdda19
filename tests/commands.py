"""Commands of the project as programs of their own: arguments and settings in, what they print out."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 300  # seconds until a program that does nothing is given up
# Takes from the program that follows the power of root to pass over the modes of files.
AS_MODES_SAY = """
import ctypes, os, sys
for power in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    ctypes.CDLL(None).prctl(24, power, 0, 0, 0)  # PR_CAPBSET_DROP; refused to whoever is not root, who has neither
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def environment(**chosen: str) -> dict[str, str]:
    """The environment of a command with just these settings."""
    return {**{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}, **chosen}


def interpreter(obeying: bool) -> list[str]:
    """The command that starts Python; `obeying` the modes of files even as root."""
    return [sys.executable, *(["-c", AS_MODES_SAY] if obeying else [])]


def python(*arguments: str, obeying: bool = False, **chosen: str) -> subprocess.CompletedProcess[str]:
    """What Python came to, with just these settings; `obeying` the modes of files even as root."""
    return subprocess.run(  # noqa: S603 - our own program
        [*interpreter(obeying), *arguments],
        cwd=PROJECT,
        env=environment(**chosen),
        capture_output=True,
        text=True,
        check=False,
    )


def manage(*arguments: str, obeying: bool = False, **chosen: str) -> subprocess.CompletedProcess[str]:
    """What a command of manage.py came to, with just these settings."""
    return python("manage.py", *arguments, obeying=obeying, **chosen)
