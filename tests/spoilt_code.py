"""Code as nobody may leave it: each of these texts in place of another, and the tests that must notice."""

from typing import NamedTuple


class Mutant(NamedTuple):
    """What is spoilt: in a file, the text `old`, which comes once, becomes `new`; `tests` are what must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


ANSWER, CONTRACT, ERRORS = "api/rules/answer.py", "api/views/contract.py", "api/errors.py"
LOAD, FREEZE, SUGGEST = "api/publishing/load.py", "api/publishing/freeze.py", "api/rules/suggest.py"
READING, SETTINGS = "api/rules/reading.py", "sclero_service/settings.py"
REPRESENTATIONS, ACCESS = "api/representations.py", "api/access.py"
EXAMPLES, ROUTES = ("tests/test_examples.py",), ("tests/test_routes.py",)
FINDINGS, SUGGESTIONS = ("tests/test_findings.py",), ("tests/test_suggestions.py",)
LAWS = ("tests/test_laws.py::test_no_law_is_broken_on_random_plans",)
INPUT, WRITERS = ("tests/test_bad_input.py",), ("tests/test_writers.py",)
CODED, HOSTILE = ("tests/test_representations.py",), ("tests/test_hostile.py",)
READY, LEARNED, SHOWN = "api/ready.py", ("tests/test_ready.py",), ("tests/test_taking_effect.py",)
ACCESSED = ("tests/test_access.py",)
LOGS, ACCESS_LOG, METRICS = "api/logs.py", "api/access_log.py", "api/metrics.py"
LOGGED, MEASURED = ("tests/test_logs.py",), ("tests/test_metrics.py",)
ADMISSION, COUNTING, LENDING = "api/admission.py", "api/rates/counting.py", "api/rates/lending.py"
ADMITTED, LENT = ("tests/test_admission.py",), ("tests/test_lending.py",)
HOUSE_KEPT, HOUSE_LIMITS = ("tests/test_house_kept.py",), ("tests/test_house_limits.py",)
KEYS, KEYRING = "api/authentication.py", "api/keyring.py"
LET_IN, IN_MEMORY = ("tests/test_authentication.py",), ("tests/test_keyring.py",)

MUTANTS = (
    Mutant(
        "what is ready is given to whom limits of its own are kept for",
        READY,
        "if caller is None or (entry.lasting.heeds_house and caller.house):",
        "if caller is None:",
        HOUSE_KEPT,
    ),
    Mutant(
        "what is told of kept limits is ready for everybody",
        CONTRACT,
        "if self.heeds_house and caller_of(request).house:",
        "if False:",
        HOUSE_KEPT,
    ),
    Mutant(
        "a plan that is checked without Django is not held against kept limits",
        READY,
        "made = answer(body, house=house)",
        "made = answer(body, house=None)",
        HOUSE_KEPT,
    ),
    Mutant(
        "a house limit that is kept takes the place of a published one",
        ANSWER,
        "key = (rule.slug, limit if limit.is_house else None)",
        "key = (rule.slug, None)",
        HOUSE_LIMITS,
    ),
    Mutant(
        "the newest release is kept for a day",
        CONTRACT,
        "(A_DAY, PINNED) if self.is_pinned() else (60, NEWEST)",
        "(A_DAY, PINNED)",
        EXAMPLES,
    ),
    Mutant(
        "a contraindication says x",
        ANSWER,
        '"message": _message(judged, shown),',
        '"message": "x" if limit.condition else _message(judged, shown),',
        FINDINGS,
    ),
    Mutant(
        "a contraindication cites nobody",
        ANSWER,
        '"headroom": _headroom(judged),\n        "citations": list(limit.citations),',
        '"headroom": _headroom(judged),\n        "citations": [] if limit.condition else list(limit.citations),',
        FINDINGS,
    ),
    Mutant(
        "a limit without a number is called safe",
        ANSWER,
        'what = "no source that was read confirms a limit here"',
        'what = "this is safe"',
        FINDINGS,
    ),
    Mutant(
        "a limit without a number cites nobody",
        ANSWER,
        '"headroom": None,\n        "citations": list(limit.citations),',
        '"headroom": None,\n        "citations": [],',
        FINDINGS,
    ),
    Mutant(
        "a limit without a number points at nothing",
        ANSWER,
        '"contributing": list(unconfirmed.contributing),',
        '"contributing": [],',
        FINDINGS,
    ),
    Mutant(
        "validate reads past unknown parameters",
        CONTRACT,
        "self.query = read_query(",
        'self.query = {} if request.path.endswith("/validate") else read_query(',
        ROUTES,
    ),
    Mutant(
        "a health check reads its query",
        CONTRACT,
        'request.path.startswith("/v1") and ',
        "",
        ROUTES,
    ),
    Mutant(
        "a 304 says nothing of how long to keep it",
        REPRESENTATIONS,
        'OF_NOT_MODIFIED = ("ETag", "Cache-Control", ',
        'OF_NOT_MODIFIED = ("ETag", ',
        EXAMPLES,
    ),
    Mutant("all codings share an ETag", REPRESENTATIONS, """f'{etag[:-1]}-{coding}"'""", "etag", CODED),
    Mutant("a plan that came by half is judged", "api/parsers.py", "if len(body) < length:", "if False:", HOSTILE),
    Mutant(
        "Django reads the Content-Type first",
        "sclero_service/wsgi.py",
        "django.request_class = Request",
        "django.request_class = WSGIRequest",
        HOSTILE,
    ),
    Mutant("what is ready is given for any key", READY, "if caller is None or (", "if (", LEARNED),
    Mutant(
        "what is ready is given to whoever has used up a quota", READY, "if not allowance.admitted or", "if", LEARNED
    ),
    Mutant("what is ready is given whatever is accepted", READY, '"HTTP_ACCEPT", ', "", LEARNED),
    Mutant(
        "what is ready outlasts its release",
        "api/shelf.py",
        "self.newest is newest and self.day == day",
        "self.day == day",
        LEARNED,
    ),
    Mutant("what is ready outlasts its day", "api/shelf.py", " and self.day == day", "", LEARNED),
    Mutant(
        "a bundle is compressed while somebody waits",
        READY,
        '(*PLAIN, f"/v1/releases/{number}/bundle")',
        "PLAIN",
        LEARNED,
    ),
    Mutant(
        "a release that comes meanwhile is not seen",
        READY,
        "is_short and releases.known() is shelf.newest",
        "is_short",
        LEARNED,
    ),
    Mutant(
        "a new release is shown as soon as it is read",
        "api/releases/store.py",
        "begins if before else 0.0",
        "0.0",
        SHOWN,
    ),
    Mutant("an answer to a plan may be stored", "api/views/plans.py", ', "Cache-Control": "no-store"}', "}", EXAMPLES),
    Mutant("a problem may be stored", ERRORS, '    response["Cache-Control"] = "no-store"\n', "", EXAMPLES),
    Mutant(
        "the page of a problem does not vary by what is accepted",
        ERRORS,
        'response["X-Request-ID"] = request_id(request)',
        'response["X-Request-ID"] = request_id(request)\n        del response["Vary"]',
        EXAMPLES,
    ),
    Mutant(
        "a 405 names the same methods everywhere",
        ACCESS,
        "[name.upper() for name in view.view_class.http_method_names]",
        '["GET", "HEAD"]',
        ROUTES,
    ),
    Mutant(
        "suggestions stop early", SUGGEST, "MOST_TREATMENTS_CHECKED = 600", "MOST_TREATMENTS_CHECKED = 60", SUGGESTIONS
    ),
    Mutant(
        "suggestions never stop",
        SUGGEST,
        "MOST_TREATMENTS_CHECKED = 600",
        "MOST_TREATMENTS_CHECKED = 6_000_000",
        SUGGESTIONS,
    ),
    Mutant(
        "a suggestion may exceed another limit by more",
        SUGGEST,
        "return now is not None and then is not None and Fraction(*now) < Fraction(*then)",
        "return False",
        SUGGESTIONS,
    ),
    Mutant(
        "a proof judges no rule of a session again",
        "api/rules/evaluate.py",
        "if as_before and changed.isdisjoint(measure.needs)",
        "if as_before",
        LAWS,
    ),
    Mutant(
        "treatments are alike whatever their foam is made of",
        "api/rules/evaluate.py",
        'WHAT_IT_IS = ("vein_type", "vein_diameter_mm", "foam")',
        'WHAT_IT_IS = ("vein_type", "vein_diameter_mm")',
        ("tests/test_house.py::test_treatments_are_told_apart_by_all_that_their_measures_need",),
    ),
    Mutant(
        "the last of two members that are one is believed",
        "api/checking.py",
        "if len(canonical.translate(None, WHITE_SPACE)) != len(body.translate(None, WHITE_SPACE)):",
        "if False:",
        ("tests/test_checking.py",),
    ),
    Mutant("an e-mail address is no identifier", READING, '"email", "e_mail"', '"e_mail"', INPUT),
    Mutant("other names are not looked up", READING, "for other in (slug, *others):", "for other in (slug,):", INPUT),
    Mutant("loading lets other writers in", LOAD, "            lock_out_other_writers()\n", "", WRITERS),
    Mutant(
        "publishing is no transaction",
        LOAD,
        "stack.enter_context(transaction.atomic())",
        "transaction.atomic()",
        WRITERS,
    ),
    Mutant("publishing lets other writers in", FREEZE, "    with writing_alone():\n", "    if True:\n", WRITERS),
    Mutant("on PostgreSQL no table is locked", LOAD, 'if connection.vendor == "postgresql"', "if False", WRITERS),
    Mutant(
        "the log level is not heeded",
        SETTINGS,
        '"level": chosen["LOG_LEVEL"]}',
        '"level": "INFO"}',
        ("tests/test_settings.py::test_the_log_level_is_heeded",),
    ),
    Mutant(
        "an empty setting is its default",
        "sclero_service/knobs.py",
        "environment.get(knob.name, knob.default)",
        "(environment.get(knob.name) or knob.default)",
        ("tests/test_settings.py::test_a_wrong_or_empty_value_is_a_line_with_its_name_and_what_it_may_be",),
    ),
    Mutant(
        "a port may be shared",
        "api/management/serving.py",
        "backlog=BACKLOG, dualstack_ipv6=dual",
        "backlog=BACKLOG, dualstack_ipv6=dual, reuse_port=True",
        ("tests/test_service.py::test_a_port_is_never_shared",),
    ),
    Mutant(
        "two prepare one SQLite file at once",
        "api/management/preparing.py",
        "fcntl.flock(folder, fcntl.LOCK_EX)",
        "pass",
        ("tests/test_preparing.py::test_whoever_comes_second_waits[sqlite]",),
    ),
    Mutant(
        "two prepare one PostgreSQL at once",
        "api/management/preparing.py",
        'cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])',
        "pass",
        ("tests/test_preparing.py::test_whoever_comes_second_waits[postgres]",),
    ),
    Mutant(
        "a page may be put in a frame",
        SETTINGS,
        '    "django.middleware.clickjacking.XFrameOptionsMiddleware",\n',
        "",
        EXAMPLES,
    ),
    Mutant(
        "health asks for a host",
        ACCESS,
        'request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0]',
        "pass",
        ACCESSED,
    ),
    Mutant(
        "health is whatever begins so",
        ACCESS,
        "request.path_info in HEALTH",
        "request.path_info[:6] in HEALTH",
        ACCESSED,
    ),
    Mutant("plain http is served", ACCESS, "and not request.is_secure()", "and not request", ACCESSED),
    Mutant("a preflight passes over a refusal", ACCESS, "in (404, 405)", "in (400, 404, 405)", ACCESSED),
    Mutant("plans are open to any page", ACCESS, "else settings.CORS_PLAN_ORIGINS", "else ANY", ACCESSED),
    Mutant(
        "an origin is taken by its end",
        ACCESS,
        'request.headers.get("Origin") in origins',
        'request.headers.get("Origin", "").startswith(tuple(origins))',
        ACCESSED,
    ),
    Mutant("a kept copy is for another origin", ACCESS, "if not is_for_any:", "if False:", ACCESSED),
    Mutant(
        "a page may use every method",
        ACCESS,
        '-Allow-Methods"] = ", ".join(methods)',
        '-Allow-Methods"] = "*"',
        ACCESSED,
    ),
    Mutant("a message is logged", LOGS, "str(record.msg) if is_ours else FOREIGN", "record.getMessage()", LOGGED),
    Mutant("whatever comes with a line is logged", LOGS, "in FIELDS if is_ours", "in vars(record) if is_ours", LOGGED),
    Mutant("every failure is told in full", LOGS, "        return is_due\n", "        return True\n", LOGGED),
    Mutant("the log has the folders of the machine", LOGS, "if path.is_absolute():", "if False:", LOGGED),
    Mutant(
        "the log has the path", ACCESS_LOG, "STATIC if request.path_info", "request.path if request.path_info", LOGGED
    ),
    Mutant(
        "the log has the client's method",
        METRICS,
        "return text if text in METHODS else OTHER",
        "return str(text)",
        LOGGED,
    ),
    Mutant(
        "Django logs requests, too",
        SETTINGS,
        '"django.security", "django.server"), "CRITICAL"',
        '"x"), "CRITICAL"',
        LOGGED,
    ),
    Mutant("metrics are of one worker", METRICS, 'multiprocess_mode="mostrecent"', 'multiprocess_mode="all"', MEASURED),
    Mutant("a page reads no header", ACCESS, '", ".join(HEADERS)', '""', ACCESSED),
    Mutant("a 304 costs a request", ADMISSION, "account.give_back()", "pass", ADMITTED),
    Mutant("health is counted", ADMISSION, "path in HEALTH or ", "", ADMITTED),
    Mutant("a batch counts as one", "api/views/plans.py", ".charge(len(batch.plans))", ".charge(1)", ADMITTED),
    Mutant("a refusal does not say when to come back", "api/errors.py", "headers=failure.headers", "", ADMITTED),
    Mutant(
        "anybody says what address it has",
        "api/addresses.py",
        "address is None or not any(address in network for network in trusted)",
        "address is None",
        ("tests/test_addresses.py",),
    ),
    Mutant("test keys have the rate of others", "api/rates/policies.py", "caller.is_test", "False", ADMITTED),
    Mutant(
        "a refused cost is taken",
        COUNTING,
        "            return False\n",
        "            pass\n",
        ("tests/test_rates.py",),
    ),
    Mutant(
        "what was spent without the Valkey is forgotten",
        COUNTING,
        "        self.spent += cost\n        return",
        "        return",
        LENT,
    ),
    Mutant("a loan is not held while more is asked", COUNTING, "counter.at_hand += counter.reserved", "pass", LENT),
    Mutant("nothing is renewed", COUNTING, "counter.is_running_low()", "False", LENT),
    Mutant("a loan is all that is left", LENDING, "math.floor(open / {SHARE})", "open", LENT),
    Mutant("a window may last longer than the policy says", LENDING, " or left > window", "", LENT),
    Mutant(
        "a Valkey that does not answer is asked again and again",
        LENDING,
        "self.is_reached = False\n        self._have_it_reached(is_late)\n",
        "self._have_it_reached(is_late)\n",
        LENT,
    ),
    Mutant("the Valkey is told of addresses", LENDING, "{digest.hexdigest()}", "{holder}", LENT),
    Mutant("a key that ended is let in", KEYRING, "caller.expires_at <= timezone.now()", "False", IN_MEMORY),
    Mutant(
        "a key that was revoked is let in", KEYRING, "timezone.now()), revoked_at=None)", "timezone.now()))", IN_MEMORY
    ),
    Mutant("a day is written again and again", KEYRING, "if self._written.get(key) != day:", "if True:", IN_MEMORY),
    Mutant(
        "a day that was refused is lost", KEYRING, "self._used.copy().items()", "self._used.clear() or ()", IN_MEMORY
    ),
    Mutant("a key in an address is logged", KEYS, "                forget_address(request)\n", "", LET_IN),
    Mutant("a star costs nothing", ADMISSION, '(if_none_match or "").strip() != "*"', "True", ADMITTED),
    Mutant(
        "shared caches keep what needs a key", KEYS, "            keep_private(response)", "            pass", LET_IN
    ),
    Mutant("a key is for everything", KEYS, "= lack_of_scope(request, caller)", "= None", LET_IN),
    Mutant(
        "browsers may send a key", SETTINGS, '"Accept", "Cache-Control", ', '"Authorization", "Cache-Control", ', LET_IN
    ),
    Mutant("a mistyped key is looked up", KEYS, "if keys.is_whole(text) else None", "if True else None", LET_IN),
)
