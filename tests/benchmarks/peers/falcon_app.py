"""Falcon and msgspec: structs in memory, encoded for each answer, and plans read as structs."""

import falcon
import msgspec

from tests.benchmarks.peers import given


def struct(name, members):
    return msgspec.defstruct(name, [*members.items()], forbid_unknown_fields=True)


One, List, Plan = (given.classes(name, getattr(given, name.upper()), struct) for name in ("One", "List", "Plan"))
LIMITS = msgspec.json.decode(given.body("list"), type=List)
BY_SLUG = {row["slug"]: msgspec.convert({**row, **given.envelope()}, One) for row in given.rows()}
ENCODER, PLANS = msgspec.json.Encoder(), msgspec.json.Decoder(Plan)
ETAG = given.etag()


class Limits:
    def on_get(self, request, response):
        if request.get_header("If-None-Match") == ETAG:
            response.status = falcon.HTTP_304
        else:
            response.data = ENCODER.encode(LIMITS)
        response.set_header("ETag", ETAG)


class Limit:
    def on_get(self, request, response, slug):
        response.data = ENCODER.encode(BY_SLUG[slug])


class Validate:
    def on_post(self, request, response):
        plan = PLANS.decode(request.bounded_stream.read())
        response.data = ENCODER.encode(given.answer(msgspec.to_builtins(plan)))


application = falcon.App()
application.add_route("/v1/session-limits", Limits())
application.add_route("/v1/session-limits/{slug}", Limit())
application.add_route("/v1/session-plans/validate", Validate())
