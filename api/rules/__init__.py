"""The plan check: a plan and the rows of a release in, an answer out. Pure Python, standard library only.

The rows are compiled once into a `Book`; `check` reads a plan and holds it against that book, `check_plan` does so with
one that was read.
"""

from api.rules.answer import check, check_plan
from api.rules.book import Book
from api.rules.reading import Fault, PlanFaults

__all__ = ["Book", "Fault", "PlanFaults", "check", "check_plan"]
