"""What Prometheus is given, as text, in; the values of the metrics out."""

from collections.abc import Callable

from prometheus_client.parser import text_string_to_metric_families

Name = tuple[str, tuple[tuple[str, str], ...]]
Samples = dict[Name, float]
Scrape = Callable[[], Samples]


def labelled(name: str, **labels: str) -> Name:
    """The name and labels of a value."""
    return name, tuple(sorted(labels.items()))


def samples_of(text: str) -> Samples:
    """The values by name and labels, without the buckets of histograms."""
    return {
        labelled(sample.name, **sample.labels): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }
