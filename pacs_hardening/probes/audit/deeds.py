"""Probe: what a target's nodes and users do, each several times in a row, and what must be recorded of each time."""

from __future__ import annotations

from collections.abc import Iterator

from ...model import Target
from ...model.response import ContextRefused
from ...wire.scu import Operation
from ..dicom.association import Attempt, Outcome, Peer, associate_as
from .trail import Expected, now

SERVED_TIMES, REFUSED_TIMES = 2, 3  # some trails leave out what repeats, and failures that repeat above all


def asked(target: Target, peer: Peer, operation: Operation, codes: tuple[str, ...], *others: str) -> Iterator[Expected]:
    """What must be recorded of ``operation``, once: who asked, the outcome, and the ``others`` who took part where
    it was done. Nothing where it did not get as far as to be asked."""
    since = now()
    attempt = associate_as(target, peer, operation)
    if was_asked(attempt):
        failed = attempt.outcome is Outcome.REFUSED
        yield Expected(operation.name, codes, peer.aet.decode(), failed, since, () if failed else others)


def was_asked(attempt: Attempt) -> bool:
    """An association was accepted with a presentation context for it, and it was answered."""
    refused_context = isinstance(attempt.response, ContextRefused)
    return attempt.accepted is not None and not refused_context and attempt.outcome is not Outcome.SILENT


def asked_by_each(
    target: Target, operations: dict[str, Operation], codes: tuple[str, ...], *others: str
) -> Iterator[Expected]:
    """Each node that the archive knows asks for what ``operations`` has for its role (``""``: for the others), several
    times in a row, whether it may or not: the record of a refusal is the one that somebody will look for."""
    for role, node in target.nodes.items():
        operation = operations.get(role, operations.get(""))
        if node.permits and operation is not None:
            yield from in_a_row(target, Peer.of(node), operation, codes, *others)


def in_a_row(
    target: Target, peer: Peer, operation: Operation, codes: tuple[str, ...], *others: str
) -> Iterator[Expected]:
    """As `asked`, several times; more often where it is refused."""
    for number in range(REFUSED_TIMES):
        for expected in asked(target, peer, operation, codes, *others):
            if number >= SERVED_TIMES and not expected.failed:
                return
            yield expected
