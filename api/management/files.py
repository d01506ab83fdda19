"""A release in; out, files that nginx or a CDN serves: whatever a GET without filters can ask for.

The application is asked for each address, in each content coding, in this process. So the files have its very bytes,
and `headers.json`, and for nginx `maps.conf` and `headers.conf`, its very headers, but for those of a single request.
"""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections
from django.urls import get_resolver, reverse

from api import releases
from api.management.asking import Answer, Ask, asking
from api.negotiation import IDENTITY
from api.problems import PROBLEMS
from api.releases import FrozenRelease
from api.views.contract import PAGE, RELEASE, ContractView

Progress = Callable[[str], None]
SUFFIXES = {IDENTITY: "", "br": ".br", "gzip": ".gz", "zstd": ".zst"}
OF_ONE_REQUEST = ("x-request-id", "ratelimit", "ratelimit-policy")
OF_THE_FILE = ("content-length", "content-type", "content-encoding", "etag")  # said of each file
TELL_EACH = 500  # addresses


class NotForFilesError(Exception):
    """Raised where a release cannot be written as files."""


@dataclass
class Written:
    """What was written: by address the file, without the suffix of its coding, and by coding the headers."""

    files: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)


def export(folder: Path, number: int | None, progress: Progress) -> Written:
    """The release of a number, else the newest, written to a folder that is not there yet: all of it or nothing.

    Raises:
        NotForFilesError: the folder is there, answers are not for everybody, or another release came meanwhile.
        ReleaseNotFoundError, ContentUnavailableError: there is no such release, or it cannot be read.
    """
    if folder.exists():
        raise NotForFilesError(f"{folder} is there already. Each release has a folder of its own.")
    if not settings.ANONYMOUS:
        raise NotForFilesError("ANONYMOUS is off: answers are for partners, and files are for everybody.")
    newest = releases.current().number
    release = releases.current() if number is None else releases.pinned(number)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        with one_connection(), asking() as ask:
            written = write(aside / "files", release, ask, progress)
        if releases.current().number != newest:
            raise NotForFilesError("Another release was published meanwhile. Try again.")
        (aside / "headers.json").write_text(json.dumps(written.headers, indent=1), "utf-8")
        (aside / "maps.conf").write_text(maps(written), "utf-8")
        (aside / "headers.conf").write_text(headers(written), "utf-8")
        aside.chmod(0o755)  # whoever serves it is another user
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    progress(f"release {release.number} is in {folder}: {len(written.files)} addresses")
    return written


def is_of(answer: Answer, release: FrozenRelease) -> bool:
    """Whether anyone may keep an answer, and it is of the release, or of none, as the contract is."""
    is_public = "public" in answer.headers.get("Cache-Control", "")
    its_release = answer.headers.get("Content-Release")
    return answer.status == 200 and is_public and its_release in (None, str(release.number))


def kept_headers(answer: Answer) -> dict[str, str]:
    """The headers that are the same whoever asks."""
    return {name: text for name, text in answer.headers.items() if name.lower() not in OF_ONE_REQUEST}


@contextmanager
def one_connection() -> Iterator[None]:
    """One connection to the database for all that is asked."""
    request_started.disconnect(close_old_connections)
    try:
        yield
    finally:
        request_started.connect(close_old_connections)


def addresses(release: FrozenRelease) -> Iterator[str]:
    """Every address that GET has for programs under a release: each path, and where it may be pinned, pinned too.

    But for those that answer a partner by what is kept for it.
    """
    for route in routes():
        view = route.callback.view_class(**route.callback.view_initkwargs)
        if view.operation is PAGE or "get" not in view.http_method_names or view.heeds_house:
            continue
        for arguments in arguments_of([*route.pattern.converters], view, release):
            path = reverse(route.name, kwargs=arguments)
            yield path
            if RELEASE in view.operation.parameters:
                yield f"{path}?release={release.number}"


def routes() -> list[Any]:
    """The routes of the views of the contract, in reading order."""
    found = [route for part in get_resolver().url_patterns for route in getattr(part, "url_patterns", ())]
    classes = [getattr(getattr(route, "callback", None), "view_class", object) for route in found]
    return [route for route, view in zip(found, classes, strict=True) if issubclass(view, ContractView)]


def arguments_of(names: Sequence[str], view: Any, release: FrozenRelease) -> Iterator[dict[str, Any]]:
    """What the names in a route may stand for under a release."""
    if not names:
        yield {}
    for name in names if len(names) == 1 else ():  # of two releases there are too many pairs
        values: Mapping[str, Iterable[Any]] = {
            "slug": (row["slug"] for row in release.content.get(getattr(view, "resource", ""), ())),
            "number": [release.number],
            "code": PROBLEMS,
        }
        yield from ({name: value} for value in values[name])


def write(folder: Path, release: FrozenRelease, ask: Ask, progress: Progress) -> Written:
    """Write a file for each path and coding."""
    written = Written()
    for number, address in enumerate(addresses(release), start=1):
        if number % TELL_EACH == 0:
            progress(f"{number} addresses")
        answers = {coding: ask(address, coding) for coding in SUFFIXES}
        if not is_of(answers[IDENTITY], release):
            continue
        name = file_of(address.partition("?")[0], answers[IDENTITY])
        for coding, answer in answers.items():
            if coding in (IDENTITY, answer.headers.get("Content-Encoding")):
                save(folder / f"{name}{SUFFIXES[coding]}", answer.body)
        written.files[address] = name
        written.headers[address] = {
            coding: kept_headers(answer)
            for coding, answer in answers.items()
            if coding in (IDENTITY, answer.headers.get("Content-Encoding"))
        }
    return written


def file_of(path: str, answer: Answer) -> str:
    """The name of the file for a path, which is also the folder of those under it."""
    kind = answer.headers["Content-Type"].partition(";")[0].rpartition("/")[2]
    return f"{path[1:]}/index.{kind}"


def save(path: Path, body: bytes) -> None:
    """Write a file.

    Raises:
        NotForFilesError: it is there with other bytes, for an address that is the same but for its release.
    """
    if path.exists() and path.read_bytes() != body:
        raise NotForFilesError(f"{path.name} is not the same pinned and not.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def maps(written: Written) -> str:
    """What nginx includes in `http`: the file for a request, and what its headers say, as variables.

    `.deploy/release-http.conf` says of a request whether it can be answered by a file, and by which coding.
    """
    lines = ["map_hash_max_size 131072;", "map_hash_bucket_size 256;"]
    files, tags = {}, {}
    for address, codings in written.headers.items():
        for coding in SUFFIXES:
            sent = coding if coding in codings else IDENTITY
            name = f"/{written.files[address]}{SUFFIXES[sent]}"
            files[f"yes {coding} {address}"] = name
            tags[name] = codings[sent]["ETag"]
    lines += [*map_of("$release_asked $release_coding $request_uri", "$release_file", files)]
    lines += [*map_of("$release_file", "$release_tag", tags)]
    for name, values in said(written).items():
        [(commonest, _)] = Counter(values.values()).most_common(1)
        others = {address: value for address, value in values.items() if value != commonest}
        lines += [*map_of("$request_uri", variable(name), others, commonest)] if others else []
    return "\n".join([*lines, ""])


def headers(written: Written) -> str:
    """What nginx includes where it sends the files: their headers, by the variables of `maps`."""
    lines = ["add_header ETag $release_tag;", "add_header Content-Encoding $release_sent_coding;"]
    for name, values in said(written).items():
        is_same = len({*values.values()}) == 1
        lines.append(f"add_header {name} {quoted(*{*values.values()}) if is_same else variable(name)};")
    return "\n".join([*lines, ""])


def said(written: Written) -> dict[str, dict[str, str]]:
    """What each header says at each address, whatever the coding; nothing where there is none."""
    plain = {address: codings[IDENTITY] for address, codings in written.headers.items()}
    names = {name: None for own in plain.values() for name in own if name.lower() not in OF_THE_FILE}
    return {name: {address: own.get(name, "") for address, own in plain.items()} for name in names}


def variable(header: str) -> str:
    """The variable of nginx that has what a header says."""
    return f"$release_{header.lower().replace('-', '_')}"


def map_of(key: str, value: str, entries: Mapping[str, str], default: str = "") -> Iterator[str]:
    """The lines of a map of nginx."""
    yield f'map "{key}" {value} {{'
    yield f"    default {quoted(default)};"
    yield from (f"    {quoted(each)} {quoted(text)};" for each, text in entries.items())
    yield "}"


def quoted(text: str) -> str:
    """A text as nginx reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
