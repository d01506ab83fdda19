"""A database URL in; Django's configuration of it out, tuned for its vendor."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sclero_service.readers import UnfitError, whole

BASE_DIR = Path(__file__).resolve().parent.parent


def from_url(url: str) -> dict[str, Any]:
    """Django's configuration of the database.

    Raises:
        ValueError: it is no URL of a database that can serve; the words say why, where more is to be said.
    """
    scheme, colon, rest = url.partition("://")
    if scheme == "sqlite" and colon:
        return sqlite(rest)
    if scheme in ("postgres", "postgresql") and colon:
        return postgresql(f"postgresql://{rest}")
    raise ValueError


def sqlite(rest: str) -> dict[str, Any]:
    """The configuration of a file, by what follows `sqlite://`: `/` and its path from the project folder.

    Raises:
        ValueError: it names no file that can be opened.
    """
    name = unquote(rest.removeprefix("/"))
    if name.startswith("file:") or ":memory:" in name or not name:
        raise UnfitError("a database in memory would be another one in each connection, and empty")
    if not rest.startswith("/") or "?" in rest or "#" in rest or "\0" in name:
        raise ValueError
    path = BASE_DIR / name
    if not path.parent.is_dir():
        raise UnfitError(f"the folder {path.parent} does not exist")
    if path.exists() and not (path.is_file() and os.access(path, os.R_OK)):
        raise UnfitError(f"{path} is no file that can be read")
    folder_is_open = os.access(path.parent, os.W_OK | os.X_OK)
    if folder_is_open and (os.access(path, os.W_OK) or not path.exists()):
        # WAL lets readers go on while a release is written; IMMEDIATE avoids "database is locked" on upgrade.
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
    if not path.exists():
        raise UnfitError(f"{path} does not exist and its folder cannot be written")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": read_only(path)}


def read_only(path: Path) -> str:
    """The name under which SQLite opens a file that cannot be written.

    Without a log of writes beside it, nobody has it open to write: it is read as what never changes, which needs no
    locks and no other files.
    """
    written_to = path.with_name(f"{path.name}-wal").exists()
    return f"file:{quote(str(path))}?mode=ro{'' if written_to else '&immutable=1'}"


def postgresql(url: str) -> dict[str, Any]:
    """The configuration of a PostgreSQL, by its URL as libpq reads it.

    Raises:
        ValueError: libpq cannot read it, or it does not name a database.
    """
    from psycopg import ProgrammingError  # here, since SQLite can do without
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = conninfo_to_dict(url)
    except (ProgrammingError, UnicodeError):
        raise ValueError from None  # the words of libpq may hold part of a password
    if not given.get("dbname"):
        raise UnfitError("it does not name a database")
    for port in filter(None, str(given.get("port", "")).split(",")):
        whole(1, 65535)(port)
    whole(0, 3600)(str(given.get("connect_timeout", "0")))
    named = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{key: str(given.pop(name, "") or "") for key, name in named.items()},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # A migration that waits for a lock must not make readers queue behind it.
        "OPTIONS": {"connect_timeout": 3, "options": "-c lock_timeout=3000", **given},
    }
