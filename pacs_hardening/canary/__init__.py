"""Canaries: synthetic studies in which every attribute that identifies holds a value found nowhere else."""

from .search import Searcher
from .spread import Space, spread, storage_classes
from .studies import Canaries, objects
from .tokens import Token

__all__ = ["Canaries", "Searcher", "Space", "Token", "objects", "spread", "storage_classes"]
