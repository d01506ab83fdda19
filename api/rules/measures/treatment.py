"""Measures of one treatment: it in; its area, strength, vein, containers and injections out."""

from api.rules.layout import NANOLITRES, Group, Layout, Treatments
from api.rules.measures.registry import Observed, broken_by, measure, member_measure
from api.rules.numbers import Ratio
from api.rules.plan import FORMS, GASES, JURISDICTIONS, VEINS
from api.rules.rows import Limit

member_measure("concentration", "treatment", "%", "concentration_percent", Ratio)
member_measure("vein-diameter", "treatment", "mm", "vein_diameter_mm", Ratio)
member_measure("form", "treatment", "1", "form", gives="word", words=lambda _: FORMS)
member_measure("vein", "treatment", "1", "vein", gives="word", words=lambda _: VEINS)


@measure("area", "treatment", "1", "sessions[].treatments[].area", gives="word", words=lambda book: sorted(book.areas))
def area(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The area that is treated."""
    return Observed(treatments[0].treatment.area, (f"{group.pointer}/area",))


@measure(
    "jurisdiction",
    "treatment",
    "1",
    "jurisdiction",
    "sessions[].treatments[].product",
    gives="word",
    words=lambda _: JURISDICTIONS,
)
def jurisdiction(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The jurisdiction of the plan, for each product that is used in it."""
    return Observed(layout.plan.jurisdiction, (f"{group.pointer}/product",))


@measure(
    "vein-type",
    "treatment",
    "1",
    "sessions[].treatments[].vein_type",
    "sessions[].treatments[].vein",
    "sessions[].treatments[].vein_diameter_mm",
    gives="word",
    words=lambda book: book.vocabulary["vein-types"],
)
def vein_type(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The vein type as stated, else of the named vein, else the one that the diameter settles."""
    own_type = treatments[0].matches.profile.vein_type
    if own_type is None:
        return Observed(missing=(f"{group.pointer}/vein_type",))
    treatment = treatments[0].treatment
    settled_by = "vein_type" if treatment.vein_type else "vein" if treatment.vein else "vein_diameter_mm"
    return Observed(own_type, (f"{group.pointer}/{settled_by}",))


@measure(
    "diameter-beyond-type",
    "treatment",
    "mm",
    "sessions[].treatments[].vein",
    "sessions[].treatments[].vein_type",
    "sessions[].treatments[].vein_diameter_mm",
)
def diameter_beyond_type(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """How far the diameter lies outside the diameters of the vein type, on either side; 0 within and on the ends.

    A named vein that is not of the stated type breaks any limit.
    """
    if layout.is_bare:
        return None
    treatment, own_type = treatments[0].treatment, treatments[0].matches.profile.vein_type
    if treatment.vein is not None and treatment.vein_type is None:
        return Observed(missing=(f"{group.pointer}/vein_type",))
    if treatment.vein is not None and treatment.vein_type != layout.book.type_of_vein[treatment.vein]:
        return broken_by(f"{group.pointer}/vein_type", f"{group.pointer}/vein")
    if own_type is not None and layout.book.bands[own_type].distance(0) is None:
        return None  # this type has no diameters: a trunk is told by its name
    pointers = (f"{group.pointer}/vein_type", f"{group.pointer}/vein_diameter_mm")
    stated = (treatment.vein_type, treatment.vein_diameter_mm)
    missing = tuple(pointer for pointer, value in zip(pointers, stated, strict=True) if value is None)
    if missing or treatment.vein_type is None or treatment.vein_diameter_mm is None:
        return Observed(missing=missing)
    return Observed(Ratio(layout.book.bands[treatment.vein_type].distance(treatment.vein_diameter_mm) or 0), pointers)


@measure(
    "foam-gas",
    "treatment",
    "1",
    "sessions[].treatments[].form",
    "sessions[].treatments[].foam.gas",
    gives="word",
    words=lambda _: GASES,
)
def foam_gas(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """The gas of foam made in the clinic; foam of a gas that is not told breaks any limit."""
    treatment = treatments[0].treatment
    if treatment.form == "liquid" or layout.book.in_canisters(treatment.product):
        return None
    if treatment.foam is not None and treatment.foam.gas is not None:
        return Observed(treatment.foam.gas, (f"{group.pointer}/foam/gas",))
    if treatment.form is None:
        return Observed(missing=(f"{group.pointer}/form",))
    return broken_by(f"{group.pointer}/form")


@measure(
    "container-volume",
    "treatment",
    "mL",
    "sessions[].treatments[].product",
    "sessions[].treatments[].containers",
)
def container_volume(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """The volume of a vial; vials that are counted, and whose volume is open, break any limit."""
    treatment = treatments[0].treatment
    if treatment.amount.unit != "vial" and treatment.containers is None:
        return None
    if limit.stands_in:  # breaks where its value had to be used: no product and no container is told
        stands_in = treatment.product is None and treatment.containers is None
        return broken_by(f"{group.pointer}/amount") if stands_in else None
    if layout.book.in_canisters(treatment.product):
        return broken_by(f"{group.pointer}/amount") if treatment.amount.unit == "vial" else None
    if treatment.containers is not None:
        product = layout.book.products[treatment.product] if treatment.product else None
        if product is not None and not product.container_volumes(None):
            return None  # no source says in what the product comes
        return Observed(Ratio(treatment.containers.volume_ml), (f"{group.pointer}/containers/volume_ml",))
    volumes = layout.vial_volumes(treatment)
    pointer = f"{group.pointer}/amount"
    return Observed(Ratio(volumes[0]), (pointer,)) if len(volumes) == 1 else broken_by(pointer)


@measure(
    "container-shortfall",
    "treatment",
    "mL",
    "sessions[].treatments[].containers",
)
def container_shortfall(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """How much more the amount is than what the containers have in them; 0 where it is not more."""
    containers = treatments[0].treatment.containers
    if containers is None or containers.count is None or treatments[0].nanolitres is None:
        return None
    if layout.book.in_canisters(treatments[0].treatment.product):
        return None
    shortfall = treatments[0].nanolitres - containers.count * containers.volume_ml * NANOLITRES
    pointers = (f"{group.pointer}/amount", f"{group.pointer}/containers/count")
    return Observed(Ratio(max(0, shortfall), NANOLITRES), pointers)


@measure(
    "injection-volume-sum",
    "treatment",
    "mL",
    "sessions[].treatments[].injections",
)
def injection_volume_sum(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed | None:
    """How much the sum of the injections' volumes differs from the amount, either way."""
    injections = treatments[0].treatment.injections
    if injections is None or treatments[0].nanolitres is None:
        return None
    total = sum(injection.count * injection.volume_ml for injection in injections) * NANOLITRES
    pointers = (f"{group.pointer}/amount", f"{group.pointer}/injections")
    return Observed(Ratio(abs(total - treatments[0].nanolitres), NANOLITRES), pointers)


@measure(
    "injection-volume",
    "treatment",
    "mL",
    "sessions[].treatments[].amount",
    "sessions[].treatments[].containers",
    "sessions[].treatments[].injections",
    "sessions[].treatments[].injection_count",
)
def injection_volume(layout: Layout, group: Group, treatments: Treatments, limit: Limit) -> Observed:
    """The volume of an injection; of several volumes, the largest for an upper bound, the smallest for a lower one."""
    placed = treatments[0]
    treatment = placed.treatment
    if treatment.injections is not None:
        extreme = min if limit.comparator == ">=" else max
        volumes = [injection.volume_ml for injection in treatment.injections]
        worst = extreme(volumes)
        return Observed(Ratio(worst), (f"{group.pointer}/injections/{volumes.index(worst)}/volume_ml",))
    counted = f"{group.pointer}/injection_count"
    if treatment.injection_count is None:
        return Observed(missing=(*placed.volume_missing, counted))
    if placed.nanolitres is None:
        return Observed(missing=placed.volume_missing)
    volume = Ratio(placed.nanolitres, NANOLITRES * treatment.injection_count)
    return Observed(volume, (f"{group.pointer}/amount", counted))
