"""Canaries: synthetic studies in which every attribute that identifies holds a value found nowhere else."""

from .search import Searcher
from .studies import Canaries, objects
from .tokens import Token

__all__ = ["Canaries", "Searcher", "Token", "objects"]
