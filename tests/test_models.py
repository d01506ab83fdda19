"""The database itself holds closed lists and ranges: one test for each constraint."""

from typing import Any

import pytest
from django.apps import apps
from django.db import DataError, IntegrityError, models, transaction

from api.models import (
    Area,
    Fact,
    HouseLimits,
    Partner,
    PartnerKey,
    Release,
    ResultDuration,
    ReviewStep,
    Ruling,
    SessionLimit,
    Source,
    VeinType,
)
from tests.partners import READER, SAMPLE, stored

pytestmark = pytest.mark.django_db

EVERY_MODEL = [*apps.get_app_config("api").get_models()]
LISTED = [
    (model, constraint.name.removeprefix(f"{model._meta.model_name}_").removesuffix("_listed"))
    for model in EVERY_MODEL
    for constraint in model._meta.constraints
    if constraint.name.endswith("_listed")
]


def breaks(model: type[models.Model], **change: Any) -> None:
    """Assert that the database refuses to store the change on some row."""
    row = model._default_manager.first()
    assert row is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        models.QuerySet(model).filter(pk=row.pk).update(**change)  # also where the table's own refuses


@pytest.mark.parametrize(("model", "column"), LISTED, ids=lambda value: getattr(value, "__name__", value))
def test_a_word_outside_its_closed_list_is_refused(model: type[models.Model], column: str) -> None:
    if model is PartnerKey:
        stored(SAMPLE)
    if model is ReviewStep:
        edited()
    breaks(model, **{column: "banana"})


@pytest.mark.parametrize(
    "model", [model for model in EVERY_MODEL if issubclass(model, Fact)], ids=lambda model: model.__name__
)
def test_a_review_is_due_after_it_was_done(model: type[models.Model]) -> None:
    breaks(model, review_due="2020-01-01")


def test_diameters_are_in_order() -> None:
    breaks(VeinType, diameter_over_mm="3", diameter_max_mm="1")


def test_an_area_does_not_hold_itself() -> None:
    breaks(Area, parent=models.F("slug"))


def test_the_ends_of_a_duration_are_in_order() -> None:
    breaks(ResultDuration, low="3", high="1", status="confirmed")


def test_an_unconfirmed_duration_has_no_number() -> None:
    breaks(ResultDuration, low="3", high="5", status="unconfirmed")
    breaks(ResultDuration, low=None, high=None, status="confirmed")


def test_a_limit_is_not_negative() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SessionLimit.objects.filter(slug="asclera-session-volume-max").update(value="-1")


@pytest.mark.parametrize(
    "change",
    [
        {"value": None},
        {"status": "unconfirmed"},
        {"status": "unconfirmed", "value": None},  # an error that no source confirms
        {"status": "unconfirmed", "comparator": "="},
        {"status": "unconfirmed", "value": None, "comparator": "in"},
        {"status": "unconfirmed", "value": None, "comparator": "=", "expected": True},
        {"comparator": "in"},
        {"comparator": "=", "value": None},
        {"expected": True},
    ],
)
def test_a_limits_bound_fits_its_comparator(change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SessionLimit.objects.filter(slug="asclera-session-volume-max").update(**change)


def test_a_label_rules_once_on_a_condition() -> None:
    ruling = Ruling.objects.filter(product=None).first()
    assert ruling is not None
    ruling.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        ruling.save(force_insert=True)


def test_a_bibliography_number_is_used_once() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Source.objects.filter(reference_number=None).update(reference_number=1)


def test_releases_are_numbered_from_one() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Release(number=0, published_at="2026-11-22T00:00:00Z", note="x", digest="x", payload="{}").save()


@pytest.mark.parametrize("slug", ["", "Clinic", "clinic apps", "clinic_apps", "clínica"])
def test_a_partner_is_named_by_words(slug: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.create(slug=slug)


@pytest.mark.parametrize("key", ["", "short", "SampleKey11", "Sample-Key", "SampleKéy1", "SampleKey "])
def test_the_id_of_a_key_is_ten_letters_and_digits(key: str) -> None:
    stored(SAMPLE)
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        PartnerKey.objects.update(id=key)


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "F" * 64, "g" * 64, SAMPLE])
def test_the_digest_of_a_key_is_a_sha_256(digest: str) -> None:
    stored(SAMPLE)
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        PartnerKey.objects.update(digest=digest)


def test_no_two_keys_have_the_same_digest() -> None:
    digest = stored(SAMPLE).digest
    stored(READER)
    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerKey.objects.update(digest=digest)


def test_a_key_ends_after_it_is_issued() -> None:
    stored(SAMPLE)
    breaks(PartnerKey, expires_at=models.F("created_at"))


def test_a_partner_who_has_a_key_stays() -> None:
    key = stored(SAMPLE)
    with pytest.raises(models.ProtectedError):
        key.partner.delete()


def kept() -> None:
    """Two versions of a partner's own limits."""
    partner = stored(SAMPLE).partner
    for version in (1, 2):
        HouseLimits.objects.create(partner=partner, version=version, limits="[]", digest="0" * 64)


def test_versions_of_house_limits_begin_with_one() -> None:
    kept()
    breaks(HouseLimits, version=0)


def test_no_two_lists_of_house_limits_are_one_version() -> None:
    kept()
    breaks(HouseLimits, version=2)


@pytest.mark.parametrize("digest", ["", "0" * 63, "F" * 64])
def test_the_digest_of_house_limits_is_a_sha_256(digest: str) -> None:
    kept()
    breaks(HouseLimits, digest=digest)


@pytest.mark.parametrize("model", [HouseLimits, Partner, PartnerKey])
def test_every_column_of_partners_and_keys_is_explained(model: type[models.Model]) -> None:
    assert all(field.help_text for field in model._meta.concrete_fields if not field.auto_created)


def test_every_constraint_of_the_models_has_a_test_here() -> None:
    names = {constraint.name for model in EVERY_MODEL for constraint in model._meta.constraints}
    others = {name for name in names if not name.endswith(("_listed", "_review_follows"))}
    assert others == {
        "veintype_diameters_ordered",
        "area_not_in_itself",
        "resultduration_ends_ordered",
        "resultduration_unconfirmed_has_no_number",
        "sessionlimit_value_not_negative",
        "sessionlimit_bound_fits_comparator",
        "ruling_once_for_a_label",
        "release_number_from_one",
        "reviewstep_names_who",
        "reviewstep_names_what_it_saw",
        "houselimits_version_once",
        "houselimits_version_from_one",
        "houselimits_digest_is_sha256",
        "partner_slug_is_words",
        "partnerkey_id_is_base62",
        "partnerkey_digest_is_sha256",
        "partnerkey_expires_after_issue",
    }


def test_a_limit_of_no_product_cannot_be_stored() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SessionLimit.objects.filter(slug="asclera-session-volume-max").update(product="nothing")
        from django.db import connection

        connection.check_constraints()


def edited() -> None:
    """A step of a review is there."""
    ReviewStep.objects.create(kind="edited", who="ana", release=1, row="areas/leg")


def test_a_step_of_a_review_says_who_and_what_was_seen() -> None:
    edited()
    for change in ({"who": ""}, {"tables": "0" * 64}, {"kind": "approved"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewStep(**{"kind": "edited", "who": "ana", "release": 1, **change}).save()
