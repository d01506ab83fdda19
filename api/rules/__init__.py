"""The plan check: pure Python, standard library only.

A release's rows are compiled once into a `Book`; `check` reads a plan and holds it to that book.
"""

from api.rules.answer import check
from api.rules.book import Book
from api.rules.reading import Fault, PlanFaults

__all__ = ["Book", "Fault", "PlanFaults", "check"]
