"""What can go wrong: a code in; out, its status, title and texts, and the codes of the faults that it can have.

`errors.py` makes problem documents of them, the contract lists them, and each has its page.
"""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True)
class Problem:
    """What can go wrong. `text` is the detail where a failure has no other; `meaning` and `to_do` are for its page."""

    code: str
    status: int
    title: str
    text: str
    meaning: str
    to_do: str

    @property
    def faults(self) -> dict[str, str]:
        """The codes of the faults that its `errors` can have, each with what it means."""
        return {code: text for code, (text, of) in FAULTS.items() if self.code in of}


SIZES = (
    f"A plan has at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024} kB, a batch or comparison of plans "
    f"{settings.MOST_BYTES_OF_PLANS // 1024} kB."
)
MOST_OF_TARGET, MOST_OF_HEADERS = 8 * 1024, 32 * 1024
LENGTHS = (
    f"A path with its query has at most {MOST_OF_TARGET // 1024} kB, all headers together {MOST_OF_HEADERS // 1024} kB."
)
PROBLEMS = {
    problem.code: problem
    for problem in (
        Problem(
            "invalid_plan",
            400,
            "The plan cannot be read",
            "`errors` names every fault with a JSON Pointer.",
            "The body is JSON, but not a plan, a batch or a comparison: a member is missing, unknown or wrong. Nothing "
            "was checked, so this says nothing of the limits.",
            "Correct every fault in `errors`; `pointer` says where it is, `allowed` what may stand there, and "
            "`did_you_mean` what was probably meant. Then send the plan again.",
        ),
        Problem(
            "invalid_json",
            400,
            "The body is not strict JSON",
            "`errors` says where. Nothing was checked.",
            "The body is empty, is not JSON as RFC 8259 has it, is not UTF-8, or is nested too deep.",
            "Make the body with a JSON library; NaN, Infinity, comments and trailing commas are not JSON.",
        ),
        Problem(
            "invalid_query",
            400,
            "The query cannot be read",
            "`errors` names every parameter at fault.",
            "A parameter of the query is not known here, comes twice, or has a value that it may not have.",
            "Correct every parameter in `errors`; `allowed` lists what may be sent.",
        ),
        Problem(
            "bad_request",
            400,
            "The request cannot be read",
            "The host, path or headers are not acceptable.",
            "The request was refused before it was read: most often its `Host` is not one that this service serves.",
            "Send the request to the published address of the service.",
        ),
        Problem(
            "https_required",
            400,
            "HTTPS is required",
            "Send the request again, to the same address by https.",
            "The request came over plain http, unprotected, and was refused before it was read. It is not redirected: "
            "a redirect makes a GET of a POST, and loses the plan.",
            "Write `https://` in the address of the service. Whoever runs it lets the proxy that ends TLS set "
            "`X-Forwarded-Proto: https`; `/livez` and `/readyz` answer without.",
        ),
        Problem(
            "key_in_url",
            400,
            "A key in an address",
            "A key is sent in the header `Authorization`. Revoke this one: addresses are logged on their way.",
            "The path or query has a partner key in it. Addresses are kept in logs, histories and bookmarks on the way "
            "to this service, so the key must be taken for known to others. This service has not logged it.",
            "Have the key revoked, and send another as `Authorization: Bearer` and the key.",
        ),
        Problem(
            "invalid_key",
            401,
            "Not a live key",
            "The header `Authorization` has no live key of this service.",
            "The header `Authorization` is not `Bearer`, one blank and a partner key; or the key is mistyped, unknown, "
            "expired or revoked. Which of these it is, is not told.",
            "Send `Authorization: Bearer` and the key as it was issued, from a server of your own. "
            "`GET /v1/whoami` tells whether a key is live. Where requests without a key are answered, leave the header "
            "out.",
        ),
        Problem(
            "key_required",
            401,
            "A key is required",
            "Send a partner key in the header `Authorization`.",
            "This service answers nobody without a key here; guides, contract, problems and health are open.",
            "Ask whoever runs this service for a partner key, and send it as `Authorization: Bearer` and the key.",
        ),
        Problem(
            "scope_required",
            403,
            "The key is not for this",
            "This key lacks the scope of this address.",
            "A key has scopes: `content` reads what is published, `validate` has plans checked. The key is live, but "
            "does not have the one that is needed here; `WWW-Authenticate` names it.",
            "`GET /v1/whoami` lists the scopes of a key. Ask whoever runs this service for a key that has this one.",
        ),
        Problem(
            "origin_not_allowed",
            403,
            "Not open to pages of this origin",
            "Plans are checked for pages of the origins that this service names; facts are open to any.",
            "A browser asked whether a page of its origin may send a plan here, and it may not.",
            "Send plans from your own server, or ask whoever runs this service to add the origin to "
            "`CORS_PLAN_ORIGINS`.",
        ),
        Problem(
            "not_found",
            404,
            "Not found",
            "Nothing is served at this address. `GET /v1` lists what is.",
            "No route has this path, or no row of the release has this slug.",
            "Take slugs from a list, such as `GET /v1/areas`; paths have no slash at their end.",
        ),
        Problem(
            "release_not_found",
            404,
            "No such release",
            "`GET /v1/releases` lists the releases.",
            "No release has the number that the path, the parameter `release`, a cursor or a comparison names, or the "
            "first one was published after the time that `as_of` names.",
            "Take a number, or the time of one, from `GET /v1/releases`, or leave the parameter out to read the "
            "newest.",
        ),
        Problem(
            "method_not_allowed",
            405,
            "Method not allowed",
            "The `Allow` header lists the methods.",
            "The address is there, but not for this method: facts are read by GET, plans are sent by POST.",
            "Use a method of the `Allow` header. Where a POST became a GET, a redirect on the way changed it.",
        ),
        Problem(
            "not_acceptable",
            406,
            "Not acceptable",
            "Ask for `application/json`.",
            "The `Accept` header allows none of the representations of this address.",
            "Send `Accept: application/json`, or leave the header out.",
        ),
        Problem(
            "house_limits_unfit",
            409,
            "Kept limits do not fit the release",
            "`errors` says what of the limits that are kept for you this release does not have. Nothing was checked.",
            "Limits of its own are kept for the partner who sends the key. They name a rule, a product, an area or a "
            "vein type that the release does not have, or hold a rule in another way than it does. Without them no "
            "plan is checked, since what they would find would be missing.",
            "Have a list kept that fits, by `manage.py set_house_limits` or in the admin; `GET /v1/whoami` shows the "
            "present one, into which the pointers lead. Where an older release was asked for, leave `release` out.",
        ),
        Problem(
            "withdrawn",
            410,
            "Withdrawn",
            "It was published, and is no more. `last_release` has it still.",
            "A row with this slug was published once; the release that is read does not have it any more. Its limits "
            "are not enforced, and it is not to be shown.",
            "Take it out of what you have kept. What it said is read with `release` and the number in `last_release`.",
        ),
        Problem(
            "length_required",
            411,
            "Length required",
            "Send the body with its Content-Length, not in chunks.",
            "The body came without its length, so it cannot be told from one that was cut short.",
            "Send `Content-Length`; most clients do as soon as the body is a text and not a stream.",
        ),
        Problem(
            "body_too_large",
            413,
            "Body too large",
            SIZES,
            "The body has more bytes than are read.",
            f"Send fewer plans at once, or fewer treatments in a plan. {SIZES}",
        ),
        Problem(
            "uri_too_long",
            414,
            "Address too long",
            LENGTHS,
            "The path and the query have more bytes than are read.",
            "Ask for less at once. A plan goes into a body, never into the address.",
        ),
        Problem(
            "unsupported_media_type",
            415,
            "Unsupported media type",
            "Send `application/json`, UTF-8, not compressed.",
            "The `Content-Type` is not JSON, its `charset` is not UTF-8, or the body is compressed.",
            "Send `Content-Type: application/json`, and the body as it is.",
        ),
        Problem(
            "rate_limited",
            429,
            "Too many requests",
            "The requests of this minute are used up.",
            "More requests came in a minute than are taken from one address, or from one partner. Nothing was "
            "checked. A batch counts as many requests as it has plans; a comparison counts each plan twice.",
            "Wait for the seconds of `Retry-After`, then go on. `RateLimit` says in every answer what is left, and "
            "`rates` of `GET /v1` how much is taken. Keep what you have read, and send its `ETag` in `If-None-Match`: "
            "a 304 costs nothing. Where that is not enough, ask whoever runs this service for a key.",
        ),
        Problem(
            "headers_too_large",
            431,
            "Headers too large",
            LENGTHS,
            "The headers of the request have more bytes in all than are read.",
            "Send no cookies, and no header that is not asked for; nothing here needs long ones.",
        ),
        Problem(
            "server_error",
            500,
            "Server error",
            "The fault is ours. Tell us the `request_id`.",
            "The service failed in a way that nobody foresaw. No verdict was made.",
            "Treat the plan as not checked, try once again, and tell us the `request_id`.",
        ),
        Problem(
            "content_unavailable",
            503,
            "Content unavailable",
            "No published content can be read, so nothing is shown and no plan is checked. Try again later.",
            "Nothing is published, the database is away, or this version cannot read the rules of the release.",
            "Treat the plan as not checked. Try again after the seconds of `Retry-After`.",
        ),
        Problem(
            "keys_unavailable",
            503,
            "Keys cannot be told apart",
            "No key can be looked up, so nothing is shown and no plan is checked. Try again later.",
            "The database has been away since this process started, so no key is known to it yet.",
            "Try again after the seconds of `Retry-After`. The key is not to be replaced for this.",
        ),
    )
}

_PLAN, _JSON, _QUERY = ("invalid_plan",), ("invalid_json",), ("invalid_query",)
_KEPT = ("house_limits_unfit",)
# The codes of faults: what each means, and the problems whose `errors` can have it.
FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "conflict": ("Two members, parameters or limits cannot stand beside each other.", _PLAN + _QUERY + _KEPT),
    "doubled_parameter": ("The parameter comes more than once.", _QUERY),
    "duplicate_member": ("The member comes more than once in its object.", _PLAN),
    "incomplete_body": ("The body ended before the length that its `Content-Length` gives.", _JSON),
    "in_the_future": ("A day or time that is still to come.", _QUERY),
    "invalid_json": ("The body is empty, not JSON, or not UTF-8.", _JSON),
    "not_a_boolean": ("Neither `true` nor `false`.", _PLAN),
    "not_a_choice": ("Not one of the values that `allowed` lists.", _PLAN + _QUERY),
    "not_a_date": ("Not a civil date that exists, as YYYY-MM-DD.", _PLAN),
    "not_a_decimal": ("Not a plain decimal: ASCII digits, six before the point and three behind it.", _PLAN + _QUERY),
    "not_a_list": ("Not a list.", _PLAN),
    "not_a_moment": ("Neither a date that exists, as YYYY-MM-DD, nor a date and time with its offset.", _QUERY),
    "not_a_position": ("No position in the sequence of changes.", _QUERY),
    "not_a_slug": ("Not lower-case words joined by hyphens.", _PLAN + _QUERY),
    "not_a_string": ("Not a string.", _PLAN),
    "not_a_text": (
        "With control characters, empty or too long; or in an address, not percent-encoded UTF-8.",
        (*_PLAN, *_QUERY, "bad_request"),
    ),
    "not_a_whole_number": ("Not a whole number without sign, point or exponent.", _PLAN),
    "not_an_object": ("Not an object.", _PLAN),
    "null": ("A member is left out instead of being null.", _PLAN),
    "out_of_range": ("Below the least or above the most that is read.", _PLAN + _QUERY),
    "patient_identifier": ("The member would identify the patient; it is not accepted.", _PLAN),
    "repeated": ("The entry is in the list already.", _PLAN),
    "required": ("A member, or a parameter, that must be there is missing.", _PLAN + _QUERY),
    "too_deep": ("Objects and lists are nested too deep.", _JSON),
    "too_many_parameters": ("More parameters than are read.", _QUERY),
    "too_many_treatments": ("More treatments in all than are read at once.", _PLAN),
    "unknown_member": ("The member is not known; `allowed` lists those that are.", _PLAN),
    "unknown_parameter": ("The parameter is not known here; `allowed` lists those that are.", _QUERY),
    "unknown_slug": (
        "No row of the release has the slug; `allowed` lists those that there are.",
        _PLAN + _QUERY + _KEPT,
    ),
    "wrong_length": ("Too few or too many entries or characters.", _PLAN + _QUERY),
}
