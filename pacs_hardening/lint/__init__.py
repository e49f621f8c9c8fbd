"""Lint: an archive's configuration, read before anything is started. A path in, openings out."""

from .run import Result, lint

__all__ = ["Result", "lint"]
