"""A session plan as a partner sends it: the records that documents are read into, each member declared once."""

from dataclasses import dataclass
from typing import Any

from api.rules.numbers import UNITS
from api.rules.own_texts import OwnSlug, OwnText
from api.rules.rows import SEVERITIES
from api.rules.value_types import Choice, Day, Decimal, Flag, Items, Record, Slug, Unread, Whole
from api.rules.value_types import member as m

# Countries whose texts were read, by ISO 3166 code, each with the adjective that sentences use.
COUNTRIES = {
    "US": "US",
    "GB": "British",
    "DE": "German",
    "AT": "Austrian",
    "CH": "Swiss",
    "FR": "French",
    "ES": "Spanish",
    "IT": "Italian",
    "JP": "Japanese",
    "BR": "Brazilian",
}
JURISDICTIONS = tuple(COUNTRIES)
RULE_SETS = ("clinic", "label", "guideline", "policy")
FORMS = ("liquid", "foam")
SEXES = ("female", "male", "other")
SIDES = ("left", "right")
# Veins that labels name. The rows of the vein types say which of these are of which type.
VEINS = ("great-saphenous", "small-saphenous", "accessory-saphenous", "perforator")
GASES = ("room-air", "carbon-dioxide", "oxygen", "carbon-dioxide-oxygen")
PROCEDURES = ("endothermal-ablation", "trunk-surgery", "phlebectomy", "skin-laser", "other")
# Words for what no resource has. There is no free text, which would take patients' data.
OTHER_CONDITIONS = ("heart", "lung", "liver", "kidney", "nervous-system", "immune-system", "skin", "other")
OTHER_ALLERGIES = ("compression-material", "latex", "disinfectant", "local-anaesthetic", "other")
AMOUNT_UNITS = ("mL", "vial", "cc")
BOUNDS = ("<=", ">=")
OTHER_UNITS = {"cc": "mL", "vial": "{vial}"}
UNITS_OF_BOUNDS = (*UNITS, *OTHER_UNITS)
MOST_TREATMENTS = 200
MOST_TREATMENTS_OF_PLANS = 2000
MOST_HOUSE_LIMITS = 50

AREA = Slug("areas", "/v1/areas")
PRODUCT = Slug("products", "/v1/products")
VEIN_TYPE = Slug("vein-types", "/v1/vein-types")
JURISDICTION = Choice(JURISDICTIONS, hints={"UK": "GB", "USA": "US"})
RULE_SET = Choice(RULE_SETS)
FORM = Choice(FORMS)
VEIN = Choice(VEINS)
WEIGHT = Decimal("kg", "0.5", "500")
CONCENTRATION = Decimal("%", "0.001", "100")
AMOUNT_UNIT = Choice(AMOUNT_UNITS[:2], {"cc": "mL"})
VOLUME = Decimal("mL", "0.001", "100000")
BOUND = Choice(BOUNDS)
UNIT = Choice(UNITS, OTHER_UNITS)


@dataclass(frozen=True, slots=True)
class Patient:
    """What the check may know of the patient. No identifiers: they are refused by name."""

    age_years: int | None = m(Whole(0, 130), "Age in completed years.", essential=True)
    weight_kg: int | None = m(WEIGHT, "Body weight in kilograms.", essential=True)
    conditions: tuple[str, ...] | None = m(
        Items(Slug("conditions", "/v1/contraindications"), 0, 50, unique=True),
        "Slugs of `/v1/contraindications`; `other` for what is not there. An empty list says: asked, none. Left out "
        "says: not asked.",
        essential=True,
    )
    allergies: tuple[str, ...] | None = m(
        Items(Slug("allergies", "/v1/ingredients", by_other_names=True), 0, 20, unique=True),
        "Slugs of `/v1/ingredients`, or other names that they list, which the patient is allergic to; `other` for what "
        "is not there. An empty list says: asked, none.",
        essential=True,
    )
    medications: tuple[str, ...] | None = m(
        Items(Slug("medications", "/v1/contraindications"), 0, 50, unique=True),
        "Slugs of `/v1/contraindications` whose `named_in` lists `medications`, for drugs that the patient takes; "
        "`other` for what is not there.",
    )
    other_conditions: tuple[str, ...] | None = m(
        Items(Choice(OTHER_CONDITIONS), 0, 8, unique=True),
        "The organ or system of each condition that `conditions` has no slug for. No limit is about these, so a plan "
        "that names one gets a warning.",
    )
    other_allergies: tuple[str, ...] | None = m(
        Items(Choice(OTHER_ALLERGIES), 0, 5, unique=True), "Allergies to what is not an ingredient of a product."
    )
    sex: str | None = m(Choice(SEXES), "The patient's sex. For `male`, days since a delivery are not asked for.")
    ankle_brachial_index: int | None = m(
        Decimal("1", "0", "3"),
        "Systolic pressure at the ankle divided by that at the arm; of the two legs, the lower quotient.",
    )
    days_since_delivery: int | None = m(Whole(0, 20000), "Days since the last delivery, if there was one.")
    breastfeeding_pause_hours: int | None = m(
        Decimal("h", "0", "1000"),
        "Hours for which breastfeeding is planned to pause after the session.",
        essential=True,
    )
    thermal_ablation_unsuitable: bool | None = m(
        Flag(), "Whether endothermal ablation of a refluxing trunk was judged unsuitable."
    )


@dataclass(frozen=True, slots=True)
class Provider:
    """What the treating provider states."""

    eligibility_confirmed: bool | None = m(
        Flag(), "Whether the provider determined eligibility at a consultation.", essential=True
    )
    emergency_equipment_on_site: bool | None = m(
        Flag(), "Whether drugs and equipment to treat anaphylaxis are on site.", essential=True
    )


@dataclass(frozen=True, slots=True)
class PreviousSession:
    """An earlier session of the same patient."""

    date: int | None = m(Day(), "Civil date of the session.", essential=True)
    areas: tuple[str, ...] | None = m(Items(AREA, 0, 20, unique=True), "Areas treated then.")
    products: tuple[str, ...] | None = m(Items(PRODUCT, 0, 20, unique=True), "Products used then.", essential=True)
    sides: tuple[str, ...] | None = m(Items(Choice(SIDES), 1, 2, unique=True), "Sides treated then.")


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of the product is injected."""

    value: int = m(VOLUME, "The number.", required=True)
    unit: str = m(
        AMOUNT_UNIT,
        "`mL`, `cc` (the same) or `vial`. Vials become mL through the product's container.",
        required=True,
    )


@dataclass(frozen=True, slots=True)
class Injections:
    """Injections of equal volume."""

    count: int = m(Whole(1, 500), "How many injections.", required=True)
    volume_ml: int = m(VOLUME, "Volume of each, in mL.", required=True)


@dataclass(frozen=True, slots=True)
class Containers:
    """The vials or ampoules that the amount is drawn from."""

    volume_ml: int = m(VOLUME, "Volume of one container, in mL.", required=True)
    count: int | None = m(Whole(1, 1000), "How many containers.")


@dataclass(frozen=True, slots=True)
class TestDose:
    """A small first dose, given to see how the patient takes it."""

    volume_ml: int = m(Decimal("mL", "0", "100"), "Volume in mL; 0 says that none is planned.", required=True)
    observation_minutes: int | None = m(Whole(0, 10000), "Minutes of observation before the rest is given.")


@dataclass(frozen=True, slots=True)
class Foam:
    """How foam is made."""

    gas: str | None = m(Choice(GASES), "The gas that it is made with.")
    ratio: int | None = m(
        Decimal("1", "0.1", "20"),
        "Parts of gas for one part of liquid: 4 where 1 mL of liquid is mixed with 4 mL of gas.",
        essential=True,
    )


@dataclass(frozen=True, slots=True)
class Treatment:
    """One area treated with one product."""

    area: str = m(AREA, "Slug of `/v1/areas`; the finest that is known.", required=True)
    amount: Amount = m(Record(Amount), "How much is injected.", required=True, essential=True)
    vein_type: str | None = m(VEIN_TYPE, "Slug of `/v1/vein-types`.", essential=True)
    vein_diameter_mm: int | None = m(
        Decimal("mm", "0.01", "50"), "Diameter of the widest vein treated, in mm.", essential=True
    )
    product: str | None = m(PRODUCT, "Slug of `/v1/products`.", essential=True)
    concentration_percent: int | None = m(CONCENTRATION, "Concentration of the sclerosant, in percent.", essential=True)
    form: str | None = m(FORM, "Liquid or foam.", essential=True)
    foam: Foam | None = m(Record(Foam), "How the foam is made. Leave it out where the form is `liquid`.")
    side: str | None = m(Choice(SIDES), "The side of the body.")
    vein: str | None = m(
        VEIN, "The vein, if it is one that labels name. It settles the vein type if `vein_type` is left out."
    )
    injection_count: int | None = m(
        Whole(1, 500),
        "How many injections, of equal volume, the amount is given in. Send either this or `injections`.",
        essential=True,
    )
    injections: tuple[Injections, ...] | None = m(
        Items(Record(Injections), 1, 100), "The injections with their volumes, when they differ."
    )
    containers: Containers | None = m(
        Record(Containers),
        "The vials or ampoules that the amount is drawn from; they settle how much a vial holds.",
        essential=True,
    )
    first_exposure: bool | None = m(Flag(), "Whether this is the patient's first treatment with the sclerosant.")
    test_dose: TestDose | None = m(
        Record(TestDose),
        "The test dose, which is part of the amount. A volume of 0 says that none is planned.",
        essential=True,
    )


@dataclass(frozen=True, slots=True)
class Session:
    """One visit with injections."""

    treatments: tuple[Treatment, ...] = m(
        Items(Record(Treatment), 1, MOST_TREATMENTS),
        "What is treated; at most 200 treatments in all sessions together.",
        required=True,
    )
    date: int | None = m(Day(), "Civil date of the session.", essential=True)
    observation_minutes: int | None = m(
        Whole(0, 10000), "Minutes of observation after the last injection.", essential=True
    )
    compression_days: int | None = m(Whole(0, 1000), "Days of compression afterwards.", essential=True)
    activity_pause_days: int | None = m(
        Whole(0, 1000), "Days without heavy exercise, sunbathing, hot baths and long flights."
    )
    same_day_procedures: tuple[str, ...] | None = m(
        Items(Choice(PROCEDURES), 0, 5, unique=True),
        "Other procedures on the day of the session. An empty list says: none.",
    )


@dataclass(frozen=True, slots=True)
class HouseLimit:
    """A clinic's own limit, held beside the published ones. It can only add to an answer, and takes nothing from it."""

    slug: str = m(OwnSlug(), "A name of your own, which no published limit has.", required=True)
    label: str = m(OwnText(200), "What findings call it. Say nothing of a patient.", required=True)
    rule: str = m(
        Slug("rules", "/v1/rules"),
        "Slug of `/v1/rules`: what is measured. One whose limits are bounds, and list no values.",
        required=True,
    )
    comparator: str = m(
        BOUND, "At most (`<=`) or at least (`>=`), as the rule is held; bounds are inclusive.", required=True
    )
    value: int = m(Decimal("", "0", "999999.999"), "The bound.", required=True)
    unit: str = m(UNIT, "That of the rule.", required=True)
    severity: str = m(Choice(SEVERITIES), "How serious it is to break it.", required=True)
    jurisdiction: str | None = m(JURISDICTION, "Only plans for this jurisdiction.")
    product: str | None = m(PRODUCT, "Only this product.")
    sclerosant: str | None = m(Slug("sclerosants", "/v1/products"), "Only products of this sclerosant.")
    concentration_percent: int | None = m(CONCENTRATION, "Only this strength.")
    form: str | None = m(FORM, "Only liquid, or only foam.")
    vein_type: str | None = m(VEIN_TYPE, "Only this vein type.")
    vein: str | None = m(VEIN, "Only this vein, or a treatment that names no vein.")
    area: str | None = m(AREA, "Only this area and those in it.")
    first_exposure: bool | None = m(
        Flag(), "True: only the patient's first treatment with the sclerosant; false: only later ones."
    )


HOUSE_LIMITS = Items(Record(HouseLimit), 0, MOST_HOUSE_LIMITS)

# What stands for the patient where a plan has no `patient`; an empty object that was sent is another instance.
NO_PATIENT = Patient()


@dataclass(frozen=True, slots=True)
class Plan:
    """The proposed session or sessions, sent for checking. Nothing of it is stored."""

    sessions: tuple[Session, ...] = m(
        Items(Record(Session), 1, 50), "The proposed sessions, in any order.", required=True
    )
    jurisdiction: str = m(JURISDICTION, "Whose label applies. Default `US`.", default="US")
    rule_sets: tuple[str, ...] = m(
        Items(RULE_SET, 1, 4, unique=True), "Whose limits apply. Default: all four.", default=RULE_SETS
    )
    patient: Patient = m(Record(Patient), "What may be known of the patient.", default=NO_PATIENT)
    provider: Provider = m(Record(Provider), "What the provider states.", default=Provider())
    previous_sessions: tuple[PreviousSession, ...] | None = m(
        Items(Record(PreviousSession), 0, 200),
        "Earlier sessions. An empty list says: there were none. Left out says: not told.",
        essential=True,
    )
    house_limits: tuple[HouseLimit, ...] = m(
        HOUSE_LIMITS,
        "The clinic's own limits, beside those of `rule_sets`: rule set `house`. They only add to the answer.",
        default=(),
    )


PLANS = Items(Unread("Plan"), 1, 100)


@dataclass(frozen=True, slots=True)
class Batch:
    """Plans to be checked one by one. A plan that cannot be read does not spoil the others."""

    plans: tuple[Any, ...] = m(
        PLANS,
        f"The plans, at most 100, and {MOST_TREATMENTS_OF_PLANS} treatments in all. One that is no `Plan` gets its "
        "faults in an entry of its own.",
        required=True,
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Plans to be checked under two releases."""

    plans: tuple[Any, ...] = m(PLANS, "The plans, at most 100.", required=True)
    from_release: int = m(Whole(1, 999_999_999), "Number of the first release.", required=True)
    to_release: int | None = m(Whole(1, 999_999_999), "Number of the second release; default the newest.")


RECORDS = (
    Batch,
    Comparison,
    Plan,
    Session,
    Treatment,
    Amount,
    Injections,
    Containers,
    TestDose,
    Foam,
    PreviousSession,
    Patient,
    Provider,
    HouseLimit,
)
