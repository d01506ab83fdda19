"""Every knob of the service: environment variables in; checked values out, or one line for each fault.

`python -m sclero_service.knobs` prints `.env.example`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from sclero_service.database import from_url
from sclero_service.readers import (
    UnfitError,
    cache,
    contact,
    host,
    items,
    networks,
    or_none,
    origins,
    secret,
    switch,
    whole,
    word,
)

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
DEVELOPMENT_KEY = "development-only-" + "-".join(["not-a-secret"] * 4)
SECRET_LENGTH = 50
TWO_YEARS = 63_072_000
MOST_REQUESTS = 1_000_000_000


@dataclass(frozen=True)
class Knob:
    """An environment variable. `read` makes a value of its text, or raises ValueError; `default` is text, too."""

    name: str
    read: Callable[[str], Any]
    default: str
    may_be: str
    meaning: str


KNOBS = (
    Knob(
        "SECRET_KEY",
        secret(SECRET_LENGTH),
        DEVELOPMENT_KEY,
        f"a secret of {SECRET_LENGTH} characters or more",
        "Signs what must not be forged. The default serves this machine only.",
    ),
    Knob("DEBUG", switch, "off", "on or off", "Tells the cause of a failure to whoever asks. This machine only."),
    Knob(
        "ALLOWED_HOSTS",
        items(host),
        ",".join(LOCAL_HOSTS),
        "host names or addresses with commas between, without port or *; IPv6 in brackets",
        "The hosts that clients may ask for.",
    ),
    Knob(
        "DATABASE_URL",
        from_url,
        "sqlite:///db.sqlite3",
        "sqlite:///file or postgres://user:password@host:port/name",
        "The database. `sqlite:///file` is in the project folder, `sqlite:////file` at the root.",
    ),
    Knob(
        "BEHIND_HTTPS_PROXY",
        switch,
        "off",
        "on or off",
        "On where a proxy ends TLS and sets X-Forwarded-Proto. What came over plain http is refused then.",
    ),
    Knob(
        "HSTS_SECONDS",
        whole(0, TWO_YEARS),
        "0",
        f"a whole number from 0 to {TWO_YEARS}",
        "How long browsers are to use HTTPS only, once that is certain for good.",
    ),
    Knob(
        "CORS_PLAN_ORIGINS",
        origins,
        "none",
        "origins such as https://app.example with commas between, without path; * for any; or none",
        "The origins whose pages may have plans checked, from a browser. Facts are open to any.",
    ),
    Knob(
        "RATE_ANONYMOUS",
        whole(1, MOST_REQUESTS),
        "6000",
        f"a whole number from 1 to {MOST_REQUESTS}",
        "Requests a minute without a key from one address, or with keys for tests from one partner.",
    ),
    Knob(
        "RATE_KEYED",
        whole(1, MOST_REQUESTS),
        "60000",
        f"a whole number from 1 to {MOST_REQUESTS}",
        "Requests a minute with all keys of a partner together.",
    ),
    Knob(
        "CACHE_URL",
        cache,
        "none",
        "redis://user:password@host:port/number, the same with valkey, or none",
        "A Valkey in which all processes count together. With none, each process counts for itself.",
    ),
    Knob(
        "TRUSTED_PROXIES",
        networks,
        "none",
        "addresses or networks such as 10.0.0.0/8 with commas between, or none",
        "The proxies whose X-Forwarded-For is believed. With none, all that comes by a proxy counts as one client.",
    ),
    Knob(
        "ANONYMOUS",
        switch,
        "on",
        "on or off",
        "Whether requests without a partner key are answered. Guides, contract, problems and health always are.",
    ),
    Knob(
        "ADMIN",
        switch,
        "off",
        "on or off",
        "On serves `/admin`, where accounts edit and review content, and keep partners and their keys.",
    ),
    Knob(
        "LOG_LEVEL",
        word("DEBUG", "INFO", "WARNING", "ERROR"),
        "INFO",
        "DEBUG, INFO, WARNING or ERROR",
        "The least grave messages that are logged.",
    ),
    Knob(
        "METRICS_PORT",
        or_none(whole(1, 65535)),
        "none",
        "a whole number from 1 to 65535, or none",
        "The port on which `up` gives metrics to Prometheus, and nothing else.",
    ),
    Knob(
        "METRICS_HOST",
        host,
        "127.0.0.1",
        "a host name or address, IPv6 in brackets",
        "The address of that port. Whoever reaches it reads the metrics.",
    ),
    Knob(
        "SECURITY_CONTACT",
        or_none(contact),
        "none",
        "https://… or mailto:…, or none",
        "Who is told of a weakness, in `/.well-known/security.txt`; there is none without it.",
    ),
)


def read(environment: Mapping[str, str]) -> dict[str, Any]:
    """The value of every knob by its name.

    Raises:
        ImproperlyConfigured: with one line for each knob that is not what it may be, or does not go with another.
    """
    values: dict[str, Any] = {}
    faults = []
    for knob in KNOBS:
        text = environment.get(knob.name, knob.default).strip()
        try:
            values[knob.name] = knob.read(text)
        except ValueError as error:
            because = ": it is empty" if not text else f": {error}" if isinstance(error, UnfitError) else ""
            faults.append(f"{knob.name} must be {knob.may_be}{because}.")
    faults += conflicts(values)
    if faults:
        raise ImproperlyConfigured("\n".join(faults))
    return values


def conflicts(values: Mapping[str, Any]) -> Iterator[str]:
    """A line for each knob that does not go with another, of those that could be read."""
    if not set(values.get("ALLOWED_HOSTS", ())) <= {*LOCAL_HOSTS}:
        if values.get("DEBUG"):
            yield "DEBUG must be off where ALLOWED_HOSTS names another host than this machine."
        if values.get("SECRET_KEY") == DEVELOPMENT_KEY:
            yield (
                f"SECRET_KEY must be set, {SECRET_LENGTH} characters or more, where ALLOWED_HOSTS names another host "
                "than this machine."
            )
    if values.get("HSTS_SECONDS") and values.get("BEHIND_HTTPS_PROXY") is False:
        yield "HSTS_SECONDS must be 0 where BEHIND_HTTPS_PROXY is off."
    if values.get("BEHIND_HTTPS_PROXY") and values.get("TRUSTED_PROXIES") == []:
        yield "TRUSTED_PROXIES must name the proxy where BEHIND_HTTPS_PROXY is on: all clients would count as one."


def example() -> str:
    """The text of `.env.example`: every knob, left at its default."""
    head = (
        "# The service reads no file: give these to it as environment variables. What is left out is as shown here.\n"
    )
    return head + "".join(
        f"\n# {knob.meaning.replace('`', '')}\n# May be {knob.may_be}.\n#{knob.name}={knob.default}\n" for knob in KNOBS
    )


if __name__ == "__main__":
    print(example(), end="")
