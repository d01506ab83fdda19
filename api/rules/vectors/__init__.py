"""Boundary vectors: a book in; out, plans on both sides of every limit, with what they come to.

They are made from the limits' rows alone, so none is forgotten. A partner that keeps a copy of the rules can prove it.
"""

from api.rules.vectors.makers import MAKERS
from api.rules.vectors.sides import boundaries_of, smallest_step, vectors, vectors_of

__all__ = ["MAKERS", "boundaries_of", "smallest_step", "vectors", "vectors_of"]
