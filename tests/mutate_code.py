"""Mutation run on the Python of views, problems and answers, by mutmut, in a copy of the tree.

What survives must be in `survivors.yaml` with its reason. Run: python -m tests.mutate_code [--only "api.errors*"]
"""

import argparse
import re
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import yaml

from tests.copies import copy_of_project

SURVIVORS = Path(__file__).with_name("survivors.yaml")
LEAST_SCORE = 90
CAUGHT = ("killed", "timeout", "segfault", "caught by type check")


def main() -> int:
    """Print the score and what survived; 1 where the score is too low, or something survived without a reason."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--only", action="append", default=[], help="names of mutants; a star stands for anything")
    only = arguments.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_project(Path(folder) / "copy")
        run = subprocess.run(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *only],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
        every = results(copy)
    outcomes = {name: outcome for name, outcome in every.items() if outcome != "not checked"}
    if not outcomes or (not only and len(outcomes) < len(every)):
        print(run.stdout[-3000:], run.stderr[-3000:])
        print(f"the run broke off: {len(outcomes)} of {len(every)} mutants were tried")
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
    """What became of each mutant, by its name."""
    listed = subprocess.run(
        [sys.executable, "-m", "mutmut", "results", "--all", "true"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(re.findall(r"^\s+(\S+__mutmut_\d+): (.+)$", listed.stdout, re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
