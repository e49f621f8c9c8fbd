"""The research side as a target of its own, as its reader and from inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...model import Research, Target, Unmeasurable
from ..authorised import Authorised
from ..host import contents, passing

LANES = 4  # requests side by side


def research_view(target: Target, research: Research) -> Target:
    """The research side as a target of its own: what is asked of one archive can be asked of the other."""
    return replace(target, called_aet=research.called_aet, routes=research.routes, sample_study=None, research=None)


def as_reader(target: Target, research: Research) -> Authorised:
    """The positive control of the research side: its reader and its user."""
    users = {research.user: target.users[research.user]} if research.user in target.users else {}
    return Authorised(replace(research_view(target, research), users=users))


def kept(research: Research, hosts: Mapping[str, str]) -> bytes:
    """What stands in the folder of the research side, and wherever programs put what is for a moment: files, their
    names, and the database, as tar archives. Raises Unmeasurable where nobody may look."""
    if research.storage is None or research.storage.host not in hosts:
        raise Unmeasurable("nobody may look at what the research side has stored")
    url = hosts[research.storage.host]
    return contents(url, research.storage.path) + passing(url)
