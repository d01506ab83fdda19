"""Mutation run on the Python of views, problems and answers, by mutmut, in a copy of the tree.

What survives must be in `survivors.yaml` with its reason. Run: python -m tests.mutate_code [--only "api.errors*"]
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import yaml

TREE = Path(__file__).resolve().parent.parent
SURVIVORS = Path(__file__).with_name("survivors.yaml")
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*.sqlite3*")
LEAST_SCORE = 90
CAUGHT = ("killed", "timeout", "segfault", "caught by type check")


def main() -> int:
    """Print the score and what survived; 1 where the score is too low, or something survived without a reason."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", action="append", default=[], help="names of mutants; a star stands for anything")
    only = arguments.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(TREE, copy, ignore=NOT_COPIED)
        run = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *only],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
        outcomes = results(copy)
    if not outcomes:
        print(run.stdout[-3000:], run.stderr[-3000:])
        return 1
    caught = sum(outcome in CAUGHT for outcome in outcomes.values())
    patterns = [row["mutants"] for row in yaml.safe_load(SURVIVORS.read_text("utf-8"))["items"]]
    survivors = sorted(name for name, outcome in outcomes.items() if outcome not in CAUGHT)
    strange = [name for name in survivors if not any(fnmatch(name, pattern) for pattern in patterns)]
    for name in survivors:
        print(f"{outcomes[name]}: {name}{', without a reason in survivors.yaml' if name in strange else ''}")
    score = 100 * caught / len(outcomes)
    print(f"{caught} of {len(outcomes)} mutants caught: {score:.1f} %, at least {LEAST_SCORE} %")
    return 1 if score < LEAST_SCORE or strange else 0


def results(copy: Path) -> dict[str, str]:
    """What became of each mutant that was tried, by its name."""
    listed = subprocess.run(
        [sys.executable, "-m", "mutmut", "results", "--all", "true"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^\s+(\S+__mutmut_\d+): (.+)$", listed.stdout, re.MULTILINE))
    return {name: outcome for name, outcome in found.items() if outcome != "not checked"}


if __name__ == "__main__":
    sys.exit(main())
