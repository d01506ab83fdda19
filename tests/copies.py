"""Copies of the project, to be changed where nothing is lost."""

import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def copy_of_project(folder: Path) -> Path:
    """A copy in a folder that is not there yet, without what is not part of the project: caches, databases, tools."""
    return Path(shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.sqlite3*")))
