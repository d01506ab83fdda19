"""What is sent to be searched for has its canary, and the search finds one in whatever form it was written down."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.canaries import found_in
from tests.canary_requests import CANARIES, requests_with


def test_there_are_forty_and_none_is_part_of_another() -> None:
    assert len({*CANARIES}) == 40
    for canary in CANARIES:
        assert found_in(canary.encode(), CANARIES) == [canary]


@pytest.mark.parametrize("canary", CANARIES[:10])
def test_every_request_has_its_canary(canary: str) -> None:
    forms = {
        canary.encode(),
        quote(canary, safe="").encode(),
        quote(canary).encode(),
        json.dumps(canary)[1:-1].encode(),
    }
    forms |= {base64.b64encode(f"{canary}:{canary}".encode()), quote(canary).replace("%", "x").upper().encode()}
    escaped = json.dumps({canary: canary}, ensure_ascii=False)[2:-2].partition('"')[0].encode()
    for request in requests_with(canary):
        assert any(form in request.data for form in {*forms, escaped}), request.data[:300]


@pytest.mark.parametrize("canary", CANARIES[:10])
def test_a_canary_is_found_in_any_form(canary: str) -> None:
    assert not found_in(b'{"event": "answered", "route": "/v1/areas"}', CANARIES)
    plain = canary.encode()
    for written in (
        plain.upper(),
        json.dumps(canary).encode(),
        plain.hex().encode(),
        canary.encode("utf-16-le"),
        base64.b64encode(b"user:" + plain + b":word"),
        base64.b64encode(b"users:" + plain + b":word"),
        base64.b64encode(b"u:" + plain + b":word"),
        quote(canary, safe="").encode(),
    ):
        assert canary in found_in(b"before " + written + b" after", CANARIES), written
