"""Every route, in reading order: a path in, the view that serves it out."""

from django.urls import URLPattern, path, register_converter
from django.urls.converters import IntConverter, StringConverter

from api.views.fact_pages import FactIndex, FactOfOne, FactView
from api.views.facts import Coverage, FactDetail, FactList, PlanExamples, ReleaseDetail, Releases, Vectors
from api.views.guides import (
    ApiCatalog,
    Arazzo,
    Bruno,
    GuidePage,
    Guides,
    GuideText,
    KotlinSettings,
    LlmsTxt,
    Postman,
)
from api.views.history import Bundle, Changes, Diff, Feed
from api.views.plans import ComparePlans, ResolveLimit, ValidateBatch, ValidatePlan
from api.views.playground import Playground
from api.views.problems import ProblemPage, Problems
from api.views.reference import Console, ConsoleDocument, Docs, DocsGroup, DocsSearch
from api.views.search import Search
from api.views.service import Home, Index, Live, OpenApi, OpenApiAsJson, Ready, SecurityTxt, WhoAmI


class SlugConverter(StringConverter):
    """Lower-case ASCII words joined by hyphens."""

    regex = "[a-z0-9]+(?:-[a-z0-9]+)*"


class NumberConverter(IntConverter):
    """A release number: ASCII digits, no leading zero."""

    regex = "[1-9][0-9]{0,8}"


register_converter(SlugConverter, "name")
register_converter(NumberConverter, "number")


def resource(name: str) -> list[URLPattern]:
    """The routes of a resource: its list, and one row of it."""
    return [
        path(f"v1/{name}", FactList.as_view(resource=name), name=name),
        path(f"v1/{name}/<name:slug>", FactDetail.as_view(resource=name), name=f"{name}-detail"),
    ]


urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("v1", Index.as_view(), name="index"),
    *resource("areas"),
    *resource("vein-types"),
    *resource("products"),
    *resource("ingredients"),
    path("v1/session-limits/resolve", ResolveLimit.as_view(), name="resolve"),
    *resource("session-limits"),
    *resource("result-durations"),
    *resource("contraindications"),
    *resource("faqs"),
    *resource("claims"),
    *resource("rules"),
    *resource("sources"),
    path("v1/search", Search.as_view(), name="search"),
    path("v1/coverage", Coverage.as_view(), name="coverage"),
    path("v1/releases", Releases.as_view(), name="releases"),
    path("v1/releases/<number:number>", ReleaseDetail.as_view(), name="release"),
    path("v1/releases/<number:number>/vectors", Vectors.as_view(), name="vectors"),
    path("v1/releases/<number:number>/bundle", Bundle.as_view(), name="bundle"),
    path("v1/releases/<number:number>/diff/<number:other>", Diff.as_view(), name="diff"),
    path("v1/releases.atom", Feed.as_view(), name="feed"),
    path("v1/changes", Changes.as_view(), name="changes"),
    path("v1/session-plans/validate", ValidatePlan.as_view(), name="validate"),
    path("v1/session-plans/validate-batch", ValidateBatch.as_view(), name="validate-batch"),
    path("v1/session-plans/compare", ComparePlans.as_view(), name="compare"),
    path("v1/session-plans/examples", PlanExamples.as_view(), name="plan-examples"),
    path("v1/whoami", WhoAmI.as_view(), name="whoami"),
    path("v1/openapi.yaml", OpenApi.as_view(), name="openapi"),
    path("v1/openapi.json", OpenApiAsJson.as_view(), name="openapi-json"),
    path("v1/problems", Problems.as_view(), name="problems"),
    path("v1/problems/<slug:code>", ProblemPage.as_view(), name="problem"),
    path("try", Playground.as_view(), name="try"),
    path("docs", Docs.as_view(), name="docs"),
    path("docs/search.json", DocsSearch.as_view(), name="docs-search"),
    path("docs/console", Console.as_view(), name="docs-console"),
    path("docs/console.json", ConsoleDocument.as_view(), name="docs-console-document"),
    path("docs/postman.json", Postman.as_view(), name="postman"),
    path("docs/bruno.zip", Bruno.as_view(), name="bruno"),
    path("docs/kotlin.yaml", KotlinSettings.as_view(), name="kotlin-settings"),
    path("docs/arazzo.yaml", Arazzo.as_view(), name="arazzo"),
    path("docs/<name:group>", DocsGroup.as_view(), name="docs-group"),
    path("facts", FactView.as_view(), name="facts"),
    path("facts/<slug:page>", FactIndex.as_view(), name="facts-page"),
    path("facts/products/<slug:product>", FactOfOne.as_view(under="products"), name="product-page"),
    path("facts/limits/<slug:product>", FactOfOne.as_view(under="limits"), name="limits-page"),
    path(
        "facts/contraindications/<slug:contraindication>",
        FactOfOne.as_view(under="contraindications"),
        name="contraindication-page",
    ),
    path("guides", Guides.as_view(), name="guides"),
    path("guides/<name:slug>", GuidePage.as_view(), name="guide"),
    path("guides/<name:slug>.md", GuideText.as_view(), name="guide-text"),
    path("llms.txt", LlmsTxt.as_view(), name="llms-txt"),
    path(".well-known/api-catalog", ApiCatalog.as_view(), name="api-catalog"),
    path(".well-known/security.txt", SecurityTxt.as_view(), name="security-txt"),
    path("livez", Live.as_view(), name="livez"),
    path("readyz", Ready.as_view(), name="readyz"),
]
