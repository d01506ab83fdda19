"""A text of the contract in; HTML out, in which what stands in backticks is code."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def as_html(text: str) -> SafeString:
    """A text of one paragraph."""
    parts = enumerate(text.split("`"))
    return format_html_join("", "{}", ((format_html("<code>{}</code>", part) if k % 2 else part,) for k, part in parts))
