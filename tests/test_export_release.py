"""A release as files: its bytes and headers are those of the service, and a folder holds all of it or is not there."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from api import releases
from api.management import files
from api.management.files import OF_ONE_REQUEST, SUFFIXES, NotForFilesError
from api.releases import FrozenRelease, current
from tests.conftest import freeze

Headers = dict[str, dict[str, dict[str, str]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "release"


def export(folder: Path, *options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("export_release", str(folder), *options, stdout=out)
    return out.getvalue()


def headers_in(folder: Path) -> Headers:
    found: Headers = json.loads((folder / "headers.json").read_text("utf-8"))
    return found


def test_every_file_has_the_bytes_and_headers_of_the_service_in_every_coding(
    specimen: FrozenRelease, folder: Path, client: Client
) -> None:
    said = export(folder)
    assert f"release {specimen.number} is in {folder}" in said
    headers, seen = headers_in(folder), set()
    for address, codings in headers.items():
        for coding, suffix in SUFFIXES.items():
            answer = client.get(address, HTTP_ACCEPT="application/json", HTTP_ACCEPT_ENCODING=coding)
            sent = answer.headers.get("Content-Encoding", "identity")
            kind = answer.headers["Content-Type"].rpartition("/")[2]
            file = folder / "files" / f"{address.partition('?')[0][1:]}/index.{kind}{SUFFIXES[sent]}"
            assert file.read_bytes() == answer.content, (address, coding)
            told = {name: text for name, text in answer.headers.items() if name.lower() not in OF_ONE_REQUEST}
            assert codings[sent] == told
            assert (suffix == SUFFIXES[sent]) is (coding in codings)
            seen.add(file)
    assert {path for path in (folder / "files").rglob("*") if path.is_file()} == seen


def test_whatever_a_get_without_filters_can_ask_for_is_there(specimen: FrozenRelease, folder: Path) -> None:
    export(folder)
    number = specimen.number
    addresses = headers_in(folder).keys()
    some = {"/v1", "/v1/areas", f"/v1/areas?release={number}", "/v1/coverage"}
    some |= {"/v1/releases", f"/v1/releases/{number}", f"/v1/releases/{number}/vectors", "/v1/session-plans/examples"}
    some |= {"/v1/openapi.yaml", "/v1/openapi.json", "/v1/problems", "/v1/problems/invalid_plan"}
    some |= {f"/v1/areas/{row['slug']}" for row in specimen.content["areas"]}
    assert some <= addresses
    assert not {"/", "/docs", "/livez", "/readyz", "/v1/whoami", "/v1/session-limits/resolve"} & addresses


def test_of_an_older_release_there_is_only_what_names_it_and_what_is_of_none(
    specimen: FrozenRelease, folder: Path
) -> None:
    freeze(specimen.number + 1, "The same again", {**specimen.content, "faqs": []})
    export(folder, "--number", str(specimen.number))
    addresses = headers_in(folder).keys()
    assert {f"/v1/areas?release={specimen.number}", f"/v1/releases/{specimen.number}", "/v1/openapi.json"} <= addresses
    assert not {"/v1", "/v1/areas", "/v1/releases"} & addresses


def test_nginx_is_told_the_file_of_each_address_and_its_headers(specimen: FrozenRelease, folder: Path) -> None:
    export(folder)
    maps = (folder / "maps.conf").read_text("utf-8")
    tag = headers_in(folder)["/v1/areas"]["br"]["ETag"].replace('"', '\\"')
    assert '    "yes br /v1/areas" "/v1/areas/index.json.br";' in maps
    assert f'    "/v1/areas/index.json.br" "{tag}";' in maps
    assert f'    "/v1/areas?release={specimen.number}" "public, max-age=86400, immutable";' in maps
    headers = (folder / "headers.conf").read_text("utf-8")
    assert "add_header Cache-Control $release_cache_control;" in headers
    assert 'add_header Access-Control-Allow-Origin "*";' in headers
    assert "RateLimit $" not in headers


@pytest.mark.usefixtures("specimen")
def test_it_is_told_how_far_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "TELL_EACH", 10)
    assert export(folder).startswith("10 addresses\n20 addresses\n")


def left_behind(folder: Path) -> list[Path]:
    return [*folder.parent.iterdir()]


@pytest.mark.usefixtures("specimen")
def test_a_folder_that_is_there_is_left_as_it_is(folder: Path) -> None:
    folder.mkdir()
    with pytest.raises(CommandError, match="is there already"):
        export(folder)
    assert left_behind(folder) == [folder]


@pytest.mark.usefixtures("specimen")
def test_what_is_for_partners_alone_is_not_written(folder: Path, settings: LazySettings) -> None:
    settings.ANONYMOUS = False
    with pytest.raises(CommandError, match="files are for everybody"):
        export(folder)
    assert left_behind(folder) == []


@pytest.mark.usefixtures("specimen")
def test_a_release_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no release 999\."):
        export(folder, "--number", "999")


@pytest.mark.usefixtures("nothing_published")
def test_that_nothing_is_published_is_told(folder: Path) -> None:
    with pytest.raises(CommandError, match="Nothing is published"):
        export(folder)
    assert left_behind(folder) == []


def test_a_release_that_comes_meanwhile_leaves_nothing_behind(specimen: FrozenRelease, folder: Path) -> None:
    def publish_once(line: str) -> None:
        if current().number == specimen.number:
            freeze(specimen.number + 1, "Meanwhile", {**specimen.content, "faqs": []})

    with pytest.MonkeyPatch.context() as patch, pytest.raises(NotForFilesError, match="published meanwhile"):
        patch.setattr(files, "TELL_EACH", 10)
        files.export(folder, None, publish_once)
    assert left_behind(folder) == []
    assert releases.current().number == specimen.number + 1


def test_a_file_is_never_of_two_minds(tmp_path: Path) -> None:
    path: Any = tmp_path / "a" / "index.json"
    files.save(path, b"{}")
    files.save(path, b"{}")
    with pytest.raises(NotForFilesError, match="not the same"):
        files.save(path, b"[]")
