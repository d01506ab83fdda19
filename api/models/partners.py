"""Tables of partners and their keys: who may ask, and what for, in; the same out. No key itself is in them."""

import string
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils import timezone

from api.keys import ALPHABET, ID_LENGTH, SCOPES
from api.models.fields import SLUG, closed, one_of
from api.models.releases import Frozen

DIGEST_LENGTH = 64
# What a key is for, as OAuth writes scopes: words with a blank between.
SCOPE_LISTS = (" ".join(SCOPES), *SCOPES)


def made_of(column: str, characters: str) -> Q:
    """Holds where a text has none but these characters: nothing is left of it without them.

    A pattern would need a function that SQLite has within Django alone, so that other tools could not read the file.
    """
    rest = Func(F(column), Value(characters), function="LTRIM", output_field=models.CharField())
    return Q(Exact(rest, Value("")))


def of_length(column: str, length: int) -> Q:
    """Holds where a text has this many characters."""
    return Q(Exact(Length(F(column)), length))


class Partner(models.Model):
    """Somebody who has keys."""

    slug = models.CharField(
        primary_key=True, max_length=100, validators=[SLUG], help_text="Name in answers and logs: lower-case words."
    )
    name = models.CharField(max_length=200, blank=True, help_text="Name in plain words, where the slug is not enough.")

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=made_of("slug", f"{string.ascii_lowercase}{string.digits}-") & ~Q(slug=""),
                name="partner_slug_is_words",
            )
        ]

    def __str__(self) -> str:
        return self.slug


class HouseLimits(Frozen):
    """A partner's own limits, as they were kept: a list is never changed, another version comes after it."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="house_limits", help_text="Whose they are.")
    version = models.PositiveIntegerField(help_text="1, 2, 3 … of this partner.")
    limits = models.TextField(help_text="The list as a plan may carry it, in canonical JSON (RFC 8785).")
    digest = models.CharField(max_length=DIGEST_LENGTH, help_text="SHA-256 of the list.")
    saved_at = models.DateTimeField(default=timezone.now, help_text="When it was kept, in UTC.")
    who = models.CharField(max_length=150, blank=True, help_text="The account that kept it; empty for a command.")

    class Meta:
        ordering = ["partner", "version"]
        verbose_name = "list of house limits"
        verbose_name_plural = "house limits"
        default_permissions = ("add", "view")
        constraints = [
            models.UniqueConstraint("partner", "version", name="houselimits_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="houselimits_version_from_one"),
            models.CheckConstraint(
                condition=made_of("digest", "0123456789abcdef") & of_length("digest", DIGEST_LENGTH),
                name="houselimits_digest_is_sha256",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}, version {self.version}"


class PartnerKey(models.Model):
    """A key of a partner. Several may be live, so that one can be replaced without a pause."""

    id = models.CharField(
        primary_key=True,
        max_length=ID_LENGTH,
        validators=[RegexValidator(rf"\A[0-9A-Za-z]{{{ID_LENGTH}}}\Z", "An id is ten letters and digits.")],
        help_text="Public part of the key, which may be shown and logged.",
    )
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="keys", help_text="Whose key it is.")
    digest = models.CharField(
        max_length=DIGEST_LENGTH,
        unique=True,
        validators=[RegexValidator(r"\A[0-9a-f]{64}\Z", "A digest is 64 hexadecimal digits.")],
        help_text="SHA-256 of the whole key. The key itself is kept nowhere.",
    )
    is_test = models.BooleanField(default=False, help_text="Whether it starts with scl_test_, for tries.")
    scopes = closed(SCOPE_LISTS, help_text="What it is for: to read content, to have plans validated, or both.")
    created_at = models.DateTimeField(default=timezone.now, help_text="When it was issued, in UTC.")
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When it ends by itself, in UTC; empty where it does not."
    )
    revoked_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was revoked, in UTC; empty where it was not."
    )
    last_used_on = models.DateField(
        null=True, blank=True, help_text="Last day of its use, in UTC; empty where it was not used."
    )

    class Meta:
        ordering = ["partner", "created_at"]
        constraints = [
            models.CheckConstraint(
                condition=made_of("id", ALPHABET) & of_length("id", ID_LENGTH), name="partnerkey_id_is_base62"
            ),
            models.CheckConstraint(
                condition=made_of("digest", "0123456789abcdef") & of_length("digest", DIGEST_LENGTH),
                name="partnerkey_digest_is_sha256",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="partnerkey_expires_after_issue"),
            one_of("scopes", SCOPE_LISTS),
        ]

    def __str__(self) -> str:
        return self.id

    def clean(self) -> None:
        """Refuse a new key that has ended already."""
        if self._state.adding and self.expires_at is not None and self.expires_at <= timezone.now():
            raise ValidationError({"expires_at": "A key must end in the future."})

    def state(self, now: datetime) -> str:
        """`live`, or why it is not: `revoked` or `expired`."""
        if self.revoked_at is not None:
            return "revoked"
        return "live" if self.expires_at is None or now < self.expires_at else "expired"
