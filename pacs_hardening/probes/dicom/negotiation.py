"""Probe: which presentation contexts an archive accepts, asked 128 at a time (PS3.8 9.3.2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom._uid_dict import UID_dictionary

from ...model import Endpoint, Target, Unmeasurable
from ...model import response as came
from ...model.response import Response
from ...wire import pace, pdu, scu
from .association import Attempt, Peer, associate_as

MOST = 128  # contexts of one association
Proposal = tuple[str, tuple[str, ...]]  # abstract syntax, transfer syntaxes

PRIVATE_SOP_CLASS = "2.25.273149610874233891674093217469117083149"


def known_uids(kind: str) -> tuple[str, ...]:
    """UIDs of PS3.6 table A-1 by type, ``Transfer Syntax`` or ``SOP Class``; of the latter those that store objects."""
    rows = ((uid, row[0]) for uid, row in UID_dictionary.items() if row[1] == kind)
    stores = "SOP Class"
    return tuple(uid for uid, name in rows if kind != stores or ("Storage" in name and "Commitment" not in name))


def accepted_syntaxes(target: Target, peer: Peer, proposals: Sequence[Proposal], witness: str = "") -> list[str]:
    """Propose (abstract syntax, transfer syntaxes) pairs; return ``abstract in transfer`` for each accepted one.

    ``witness``: a class that is known to be accepted; offered last, it shows that what stood before it was looked at,
    and an archive that gives no association without an acceptable context gives one. Raises Unmeasurable where the
    association as such is not accepted: then nothing was negotiated.
    """
    found = []
    for start in range(0, len(proposals), MOST - 1):
        batch = proposals[start : start + MOST - 1]
        taken = negotiated(target, peer, batch, witness=witness)
        if isinstance(taken, Attempt):
            raise Unmeasurable("presentation contexts could not be negotiated: ", taken.observed)
        found += [f"{abstract} in {syntax}" for (abstract, _), syntax in zip(batch, taken, strict=True) if syntax]
    return found


def negotiated(
    target: Target, peer: Peer, proposals: Sequence[Proposal], *, endpoint: Endpoint | None = None, witness: str = ""
) -> list[str] | Attempt:
    """For each of ``proposals`` the transfer syntax in which it is accepted, "" for none; the attempt where there is no
    association at all. What is too much for one association, or is refused as a whole, is asked in halves: archives
    have limits of their own. ``witness`` as above."""
    if len(proposals) > MOST - bool(witness):
        return _in_halves(target, peer, proposals, endpoint, witness)
    attempt, results = _propose(target, peer, proposals, endpoint, witness)
    whole = attempt.accepted is not None and (not witness or results[-1][0] == 0)
    if whole or len(proposals) <= 1 or _is_about_the_peer(attempt.response):
        found = [syntax if result == 0 else "" for result, syntax in results[: len(proposals)]]
        return attempt if attempt.accepted is None else found
    if isinstance(attempt.response, came.Silent) and _is_silent(target, peer, proposals[0], endpoint):
        return attempt
    parts = _in_halves(target, peer, proposals, endpoint, witness)
    return attempt if isinstance(parts, Attempt) else parts


def _in_halves(
    target: Target, peer: Peer, proposals: Sequence[Proposal], endpoint: Endpoint | None, witness: str
) -> list[str] | Attempt:
    """As ``negotiated``; the first attempt where neither half is given an association."""
    middle = len(proposals) // 2
    parts = (proposals[:middle], proposals[middle:])
    halves = [negotiated(target, peer, part, endpoint=endpoint, witness=witness) for part in parts]
    if all(isinstance(half, Attempt) for half in halves):
        return halves[0]
    return [s for part, half in zip(parts, halves, strict=True) for s in _syntaxes(half, len(part))]


def _is_silent(target: Target, peer: Peer, proposal: Proposal, endpoint: Endpoint | None) -> bool:
    """Not only to so many contexts: to one, too. Each silence takes seconds."""
    attempt, _ = _propose(target, peer, [proposal], endpoint, "")
    return isinstance(attempt.response, came.Silent)


def _syntaxes(half: list[str] | Attempt, count: int) -> list[str]:
    return [""] * count if isinstance(half, Attempt) else half


def _propose(
    target: Target, peer: Peer, proposals: Sequence[Proposal], endpoint: Endpoint | None, witness: str
) -> tuple[Attempt, list[tuple[int, str]]]:
    """One association, and what it says of each context, the witness last."""
    every = [*proposals, *([(witness, (pdu.IMPLICIT_LE, pdu.EXPLICIT_LE))] if witness else [])]
    contexts = tuple(pdu.Context(2 * n + 1, abstract, transfers) for n, (abstract, transfers) in enumerate(every))
    items = scu.identity_item(peer.identity)
    request = pdu.AssociateRequest(target.called_aet.encode(), peer.aet, contexts, user_items=items)
    attempt = associate_as(target, peer, endpoint=endpoint, request=request)
    results = {} if attempt.accepted is None else attempt.accepted.results
    return attempt, [results.get(context.id, (2, "")) for context in contexts]


def _is_about_the_peer(response: Response) -> bool:
    """Refused for who asks, so that fewer contexts make no difference: TLS, or an AE title that is not recognised
    (PS3.8 9.3.4)."""
    match response:
        case came.TlsAlert() | came.TlsFailed():
            return True
        case came.Rejected(_, source, reason):
            return source == 1 and reason in (3, 7)
    return False


def bears(target: Target, peer: Peer, known: str, endpoint: Endpoint) -> None:
    """Notes for whoever offers many contexts how many an association may have: archives have limits of their own, and
    what is refused for their number is not refused for what it is. ``known`` is a class that the peer is granted."""
    classes = [uid for uid in known_uids("SOP Class") if uid != known]
    for most in (MOST, 64, 32, 16, 8, 4, 2):
        proposals = [(uid, pace.syntaxes()) for uid in classes[: most - 1]]
        attempt, results = _propose(target, peer, proposals, endpoint, known)
        if attempt.accepted is not None and results[-1][0] == 0:
            break
    else:
        most = 1
    if most < MOST:
        pace.offer_at_most(most)
        pace.notice(f"{endpoint} gives no association for more than some {most} presentation contexts: asked in parts")
