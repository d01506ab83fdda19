"""This service beside its peers: the same work, one core, 32 connections, in turns. A table and a plot come out.

    python -m tests.benchmarks            # some twelve minutes
    python -m tests.benchmarks --quick    # one short round beside fewer peers, for a look

It makes an environment for the peers, as it is locked, in a folder that `--venv` keeps, and installs wrk and nginx by
apt-get where they are missing. All servers are stopped in the end.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measure import cores, differences, measured
from tests.benchmarks.servers import PEERS, QUICK, install, serving
from tests.benchmarks.told import goals, plot, table

PLOT = Path(__file__).parent / "plot.svg"
PACKAGES = {"wrk": "wrk", "nginx": "nginx-light"}


def need_programs() -> None:
    """Install the programs that pip does not bring, where they are missing.

    Raises:
        CalledProcessError: they cannot be installed.
    """
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [package for name, package in PACKAGES.items() if shutil.which(name, path=path) is None]
    if missing:
        for command in (["update"], ["install", "-y", *missing]):
            subprocess.run(["apt-get", "-qq", *command], check=True)  # noqa: S603, S607 - our own command


def main() -> int:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round beside fewer peers")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4, help="of one server in one lane of one round")
    parser.add_argument("--venv", type=Path, help="keep the peers' environment in this folder, for the next time")
    parser.add_argument("--database", type=Path, help="keep the service's SQLite database in this file, too")
    parser.add_argument("--only", nargs="+", help="the peers by name; the bare server is always among them")
    parser.add_argument("--plot", type=Path, default=PLOT)
    chosen = parser.parse_args()
    rounds, seconds = (1, 2.0) if chosen.quick else (chosen.rounds, chosen.seconds)
    names = {"bare", *(chosen.only or (QUICK if chosen.quick else (*(peer.name for peer in PEERS), "nginx")))}
    need_programs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        programs = install((chosen.venv or folder / "venv").resolve())
        core, generator = cores()
        os.sched_setaffinity(0, {core})  # what is started from here on inherits it
        database = (chosen.database or folder / "db.sqlite3").resolve()
        peers = [peer for peer in PEERS if peer.name in names]
        with serving(folder, programs, peers, database, with_files="nginx" in names) as running:
            unlike = [*differences(running)]
            os.sched_setaffinity(0, {core, generator})
            results = measured(running, rounds, seconds, folder)
    titles = {server.name: server.title for server in running}
    print(f"\nPython {platform.python_version()}, {rounds} rounds of {seconds:g} s, one core, 32 connections\n")
    print(table(results, titles))
    print(goals(results))
    print("\n".join(["Answers that differ from the service's:", *(unlike or ["none"])]))
    print("Left out: django-bolt, which needs Python 3.12 or later, where the service runs on 3.11.")
    if not chosen.quick:
        chosen.plot.write_text(plot(results, titles), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
