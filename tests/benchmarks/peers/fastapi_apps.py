"""FastAPI on uvicorn: `ready` sends ready bytes; `models` has pydantic models in memory and reads plans with them."""

from fastapi import FastAPI, Request, Response
from pydantic import ConfigDict, create_model
from pydantic_core import to_json

from tests.benchmarks.peers import given

ready = FastAPI()
HEADERS = {lane: dict(given.headers(lane)) for lane in ("list", "one", "304")}
BODIES = {lane: given.body(lane) for lane in HEADERS}


def sent(lane, request):
    """The ready answer of a lane, or a 304."""
    if request.headers.get("if-none-match") == HEADERS[lane]["etag"]:
        return Response(status_code=304, headers=HEADERS["304"])
    return Response(BODIES[lane], headers=HEADERS[lane])


@ready.get("/v1/session-limits")
async def ready_list(request: Request):
    return sent("list", request)


@ready.get("/v1/session-limits/{slug}")
async def ready_one(slug: str, request: Request):
    return sent("one", request)


def model(name, members):
    fields = {member: (kind, ...) for member, kind in members.items()}
    return create_model(name, __config__=ConfigDict(extra="forbid", strict=True), **fields)


One, List, Plan = (given.classes(name, getattr(given, name.upper()), model) for name in ("One", "List", "Plan"))
LIMITS = List.model_validate_json(given.body("list"))
BY_SLUG = {row["slug"]: One(**row, **given.envelope()) for row in given.rows()}
models = FastAPI()


@models.get("/v1/session-limits", response_model=List)
async def every_limit():
    return LIMITS


@models.get("/v1/session-limits/{slug}", response_model=One)
async def one_limit(slug: str):
    return BY_SLUG[slug]


@models.post("/v1/session-plans/validate")
async def validate(plan: Plan):
    return Response(to_json(given.answer(plan.model_dump())), media_type="application/json")
