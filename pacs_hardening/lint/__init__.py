"""Lint: an archive's configuration, read before anything is started. A path in, openings out."""

from .judge import Opening
from .node import Unparsable
from .run import Result, lint

__all__ = ["Opening", "Result", "Unparsable", "lint"]
