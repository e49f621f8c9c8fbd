"""What of the objects that are sent can be had as the reader: every endpoint, every level, every list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from pydicom.dataset import Dataset

from ...model import Research, Target, Unmeasurable
from ...model.planted import UNIQUE
from ...wire.pdu import IMPLICIT_LE
from ..dicom.association import Outcome
from .given import Delivered, Released, parsed
from .reader import Reader
from .sending import IMPLICIT, send


def release(
    target: Target,
    research: Research,
    objects: Iterable[Dataset],
    keys: Iterable[str],
    hosts: Mapping[str, str],
    syntaxes: Mapping[str, str] = IMPLICIT,
) -> Released:
    """Send ``objects``, then take what of them can be had as the reader: every endpoint, every level, every list.
    ``keys`` are the attributes (keywords) that queries ask for. Raises Unmeasurable where nothing was received."""
    return retrieve(target, research, deliver(target, research, objects, syntaxes), keys, hosts)


def deliver(
    target: Target, research: Research, objects: Iterable[Dataset], syntaxes: Mapping[str, str] = IMPLICIT
) -> Delivered:
    """Send ``objects``, and see what appears. Raises Unmeasurable where nothing was received."""
    objects = tuple(objects)
    reader = Reader(target, research)
    studies, listed = reader.studies(), reader.pages.listed()
    stored = send(target, research, objects, syntaxes)
    if not any(attempt.outcome is Outcome.SERVED for attempt in stored):
        raise Unmeasurable(f"the research side took none of {len(stored)} objects: ", stored[0].observed)
    entries = {path: now - listed[path] for path, now in reader.pages.listed().items() if path in listed}
    took = [each for each, attempt in zip(objects, stored, strict=True) if attempt.outcome is Outcome.SERVED]
    kinds = dict.fromkeys((str(each.SOPClassUID), syntaxes.get(str(each.SOPInstanceUID), IMPLICIT_LE)) for each in took)
    return Delivered(stored, tuple(kinds), tuple(sorted(reader.studies() - studies)), entries)


def retrieve(
    target: Target, research: Research, delivered: Delivered, keys: Iterable[str], hosts: Mapping[str, str]
) -> Released:
    """What of the objects that were ``delivered`` can be had as the reader; each way side by side with the others."""
    reader, studies = Reader(target, research), delivered.studies
    pieces = reader.retrieved(studies, delivered.kinds)
    copies = {int(copy.get("InstanceNumber") or 0): copy for copy in (parsed(piece.data) for piece in pieces)}
    by_patient = {str(copy.get("PatientID", "")) for copy in copies.values()}
    ways = (
        lambda: reader.queried(studies, by_patient, tuple(keys)),
        lambda: reader.pages.browsed(studies, copies, delivered.entries),
        lambda: reader.moved(studies, copies, hosts),
    )
    with ThreadPoolExecutor(len(ways)) as pool:
        for found in pool.map(lambda way: way(), ways):
            pieces += found
    gave = {(piece.endpoint, piece.what if piece.endpoint == "C-FIND" else "") for piece in pieces if piece.gave}
    expected = [*(("C-FIND", level) for level in UNIQUE), ("C-GET", "")]
    expected += [(endpoint, "") for endpoint in (*research.routes, *research.lists) if endpoint != "error"]
    expected += [("C-MOVE", "")] if any(piece.endpoint == "C-MOVE" for piece in pieces) else []
    empty = dict.fromkeys(f"{endpoint} {what}".strip() for endpoint, what in expected if (endpoint, what) not in gave)
    return Released(delivered.stored, tuple(pieces), copies, tuple(empty))
