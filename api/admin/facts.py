"""Facts in the admin: accounts in; out, lists, forms and an entry in the journal of the review for each edit."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst

from api.admin.forms import SOURCES, FactForm, ProseField, field_for
from api.errors import problem_response
from api.models import (
    Area,
    Claim,
    Contraindication,
    Faq,
    Ingredient,
    PlanExample,
    Product,
    ResultDuration,
    ReviewStep,
    Rule,
    Ruling,
    SessionLimit,
    Source,
    VeinType,
)
from api.models.fields import CitationsField
from api.problems import PROBLEMS
from api.publishing import RefusedError
from api.publishing.load import writing_alone
from api.publishing.preview import newest_release
from api.publishing.review import record_edit
from api.publishing.written import LAST
from api.serializers import RESOURCES

SOON = timedelta(days=60)
BOUNDS = {"<=": "at most", ">=": "at least", "=": "is", "in": "one of", "not-in": "none of"}
COUNTED = {"{vial}": "vials", "1": ""}  # units that are no unit to read
BUSY = "Somebody is publishing. Go back in the browser, where what you filled in still stands, and save it again."
# What columns are explained by to developers, and here.
PLAIN = (
    ("Null:", "Empty:"),
    ("null", "empty"),
    ("True:", "Yes:"),
    ("false:", "no:"),
    ("True where", "Tick it where"),
    ("`", ""),
)
# Columns that stand on one line of a form.
TOGETHER = (
    *(
        ("comparator", "value", "unit"),
        ("low", "high"),
        ("rule_set", "jurisdiction"),
        ("product", "sclerosant", "form"),
    ),
    *(("vein_type", "vein", "area"), ("severity", "status")),
    *(("made_in_clinic", "stands_in", "always"), LAST),
)
RESOURCE_OF = {resource.model: name for name, resource in RESOURCES.items()}


class ReviewDue(admin.SimpleListFilter):
    """Rows whose review is overdue, or soon due."""

    title = parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What can be asked for."""
        return [("overdue", "overdue"), ("soon", f"due within {SOON.days} days")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """The rows asked for."""
        today = timezone.now().date()
        until = {"overdue": today, "soon": today + SOON}.get(self.value() or "")
        return queryset.filter(review_due__lt=until) if until else queryset


class OfFact:
    """How the columns of a fact become fields, and long texts get room."""

    formfield_overrides = {
        models.TextField: {"form_class": ProseField, "widget": forms.Textarea(attrs={"rows": 4, "cols": 100})}
    }

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """The field of a form: rows, ticks or lines where the column holds a list."""
        made = field_for(db_field) or super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]
        if made is not None:
            made.label = made.label or capfirst(db_field.verbose_name)
            for word, plain in PLAIN:
                made.help_text = made.help_text.replace(word, plain)
            for what in ("add", "change", "delete"):  # of the row that a field names, which has a page of its own
                setattr(made.widget, f"can_{what}_related", False)
        return made


def in_lines(names: list[str]) -> list[tuple[str, ...]]:
    """Columns, those together that stand on one line."""
    lines = []
    for name in names:
        line = next((group for group in TOGETHER if name in group), (name,))
        lines.append(tuple(each for each in line if each in names))
    return [*dict.fromkeys(lines)]


class RulingInline(OfFact, admin.StackedInline):  # type: ignore[misc,type-arg]  # is not generic when it runs
    """Rulings on a condition, on its page."""

    model = Ruling
    extra = 1

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The columns in the order in which fixtures have them."""
        return in_lines([field.name for field in self.model._meta.concrete_fields[2:]])


def _locked(view: Callable[..., HttpResponse], request: HttpRequest, *args: Any) -> HttpResponse:
    """What a view comes to; of a form, in a transaction that locks other writers out before it reads."""
    if request.method != "POST":
        return view(request, *args)
    try:
        with writing_alone():
            return view(request, *args)
    except RefusedError:
        return problem_response(request, PROBLEMS["content_unavailable"], BUSY, headers={"Retry-After": "5"})


class FactAdmin(OfFact, admin.ModelAdmin):  # type: ignore[misc,type-arg]
    """Rows of a content table. Nothing of them is published before it is reviewed."""

    form = FactForm
    actions = None
    list_per_page = 50
    change_form_template = "admin/api/fact_form.html"
    save_on_top = True

    class Media:
        css = {"all": ("api/admin.css",)}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """The columns in the order in which fixtures have them: the slug first, the dates of review last."""
        names = [field.name for field in self.model._meta.concrete_fields if field.name not in LAST]
        return [*in_lines([*names, *LAST]), "seen"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows, each with who edited it last since the newest release."""
        last = newest_release()
        named = Concat(models.Value(f"{RESOURCE_OF[self.model]}/"), models.OuterRef("pk"))
        edits = ReviewStep.objects.filter(kind="edited", release=last.number if last else 0, row=named)
        edited_by = models.Subquery(edits.order_by("-pk").values("who")[:1])
        rows: models.QuerySet[Any] = super().get_queryset(request).annotate(edited_by=edited_by)
        return rows

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Nothing: a query would be put into the form as it came, and not every field can show every text."""
        return {}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The slug of a row that is there: others name it."""
        return () if obj is None else ("slug",)

    @admin.display(ordering="review_due", description="review due")
    def due(self, row: Any) -> str:
        """The day by which a review is due, and whether that has passed."""
        if row.review_due < timezone.now().date():
            return format_html('<strong class="overdue">{} overdue</strong>', row.review_due.isoformat())
        return str(row.review_due.isoformat())

    @admin.display(ordering="value", description="limit")
    def bound(self, row: Any) -> str:
        """The number of a limit with its unit, or what it asks for instead."""
        if row.value is not None:
            what = f"{format(row.value.normalize(), 'f')} {COUNTED.get(row.unit, row.unit)}".strip()
        elif row.expected is not None:
            what = "yes" if row.expected else "no"
        else:
            what = ", ".join(row.values) or row.values_from
        return f"{BOUNDS[row.comparator]} {what}" if what else "not known"

    @admin.display(ordering="rule_set", description="whose")
    def whose(self, row: Any) -> str:
        """Whose limit it is, and where."""
        return f"{row.rule_set} {row.jurisdiction or ''}".strip()

    @admin.display(ordering="edited_by", description="edited by")
    def edited(self, row: Any) -> Any:
        """Who edited it last since the newest release."""
        return row.edited_by

    @admin.display(description="citations")
    def cited(self, row: Any) -> int:
        """How many citations it has."""
        return len(row.citations)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form of a row, with the sources that can be cited."""
        extra = {**(extra_context or {}), "known": SOURCES, "sources": Source.objects.values_list("pk", "title")}
        return _locked(super().changeform_view, request, object_id, form_url, extra)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The page that asks whether a row is to be deleted."""
        return _locked(super().delete_view, request, object_id, extra_context)

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """What goes with the rows; what names them keeps them, also where only the database would say so."""
        going, counts, lacking, protected = super().get_deleted_objects(objs, request)  # type: ignore[arg-type]
        for relation in self.model._meta.related_objects:
            if relation.on_delete is models.DO_NOTHING:
                naming = relation.related_model._default_manager.filter(**{f"{relation.field.name}__in": list(objs)})
                protected += [f"{relation.related_model._meta.verbose_name}: {row}" for row in naming]
        return going, counts, lacking, protected

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep who added a row, in the journal of the review, too."""
        entry = super().log_addition(request, obj, message)
        self._record(request, obj, "Added.")
        return entry

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep who changed what of a row."""
        entry = super().log_change(request, obj, message)
        if message:
            self._record(request, obj, entry.get_change_message())
        return entry

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Keep who deleted a row."""
        for row in queryset:
            self._record(request, row, "Deleted.")
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, row: Any, what: str) -> None:
        record_edit(request.user.get_username(), f"{RESOURCE_OF[self.model]}/{row.pk}", what)


# By table: what its list shows beside the slug, by what it is filtered, and in what is searched beside the slug.
LISTS: dict[type[models.Model], tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    SessionLimit: (
        ("title", "bound", "whose", "product", "severity", "status"),
        ("status", "severity", "rule_set", "jurisdiction", "product", "form"),
        ("title", "note", "citations"),
    ),
    Contraindication: (("name",), (), ("name", "synonyms", "description", "rulings__summary")),
    Product: (("name", "sclerosant"), ("sclerosant",), ("name", "synonyms", "indication")),
    Ingredient: (("name",), (), ("name", "synonyms", "description")),
    Area: (("name", "parent", "confidence"), ("confidence", "on_label"), ("name", "synonyms", "description")),
    VeinType: (("name", "diameter_status"), ("diameter_status",), ("name", "synonyms", "description")),
    ResultDuration: (
        ("title", "aspect", "low", "high", "unit", "status"),
        ("status", "aspect", "origin", "vein_type"),
        ("title", "summary"),
    ),
    Faq: (("question", "topic"), ("topic",), ("question", "answer")),
    Claim: (("number", "kind", "verdict"), ("verdict", "kind"), ("statement", "sources_say", "service_does")),
    Rule: (("title", "kind", "quantity", "essential"), ("kind", "essential"), ("title", "description")),
    Source: (("title", "kind", "extent"), ("kind", "extent"), ("title", "publisher", "note")),
    PlanExample: (("title",), (), ("title",)),
}


def register() -> None:
    """Give each content table its pages."""
    for model in RESOURCE_OF:
        columns, filters, searched = LISTS.get(model, ((), (), ()))
        has_citations = any(isinstance(field, CitationsField) for field in model._meta.concrete_fields)
        admin.site.register(
            model,
            FactAdmin,
            list_display=("slug", *columns, *(["cited"] if has_citations else []), "due", "edited"),
            list_filter=(*filters, ReviewDue),
            list_select_related=[name for name in columns if name in ("product", "parent")],
            search_fields=("slug", *searched),
            inlines=[RulingInline] if model is Contraindication else [],
        )


register()
