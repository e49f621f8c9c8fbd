"""Probe: which presentation contexts an archive accepts, asked as many at a time as it bears (PS3.8 9.3.2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom._uid_dict import UID_dictionary

from ...model import Endpoint, Target, Unmeasurable
from ...model import response as came
from ...model.response import Response
from ...wire import pace, pdu, scu
from ...wire.patience import PAUSES
from .association import Attempt, Outcome, Peer, associate_as

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
    for part in _parts(proposals, witness):
        taken = negotiated(target, peer, part, witness=witness)
        if isinstance(taken, Attempt):
            if pace.contexts() == 1 and taken.outcome is Outcome.REFUSED:  # for its only context
                continue
            raise Unmeasurable("presentation contexts could not be negotiated: ", taken.observed)
        found += [f"{abstract} in {syntax}" for (abstract, _), syntax in zip(part, taken, strict=True) if syntax]
    return found


def _parts(proposals: Sequence[Proposal], witness: str) -> list[Sequence[Proposal]]:
    """As many at a time as there is room for beside the witness."""
    room = max(1, pace.contexts() - bool(witness))
    return [proposals[start : start + room] for start in range(0, len(proposals), room)]


def negotiated(
    target: Target, peer: Peer, proposals: Sequence[Proposal], *, endpoint: Endpoint | None = None, witness: str = ""
) -> list[str] | Attempt:
    """For each of ``proposals`` the transfer syntax in which it is accepted, "" for none; the attempt where there is no
    association at all. Archives have limits of their own: no more is asked at once than they are known to bear, and
    what is refused as a whole is asked in halves. ``witness`` as above; there is none where one context is all that an
    association has room for."""
    parts = _parts(proposals, witness)
    witness = witness if pace.contexts() > 1 else ""
    return _joined(parts, [_negotiated(target, peer, part, endpoint, witness) for part in parts])


def _negotiated(
    target: Target, peer: Peer, proposals: Sequence[Proposal], endpoint: Endpoint | None, witness: str
) -> list[str] | Attempt:
    attempt, results = _propose(target, peer, proposals, endpoint, witness)
    whole = attempt.accepted is not None and (not witness or results[-1][0] == 0)
    if whole or len(proposals) <= 1 or _is_about_the_peer(attempt.response):
        found = [syntax if result == 0 else "" for result, syntax in results[: len(proposals)]]
        return attempt if attempt.accepted is None else found
    if isinstance(attempt.response, came.Silent) and _is_silent(target, peer, proposals[0], endpoint):
        return attempt
    middle = len(proposals) // 2
    halves = proposals[:middle], proposals[middle:]
    return _joined(halves, [_negotiated(target, peer, half, endpoint, witness) for half in halves])


def _joined(parts: Sequence[Sequence[Proposal]], taken: Sequence[list[str] | Attempt]) -> list[str] | Attempt:
    """Where all were refused an association, one such attempt."""
    refused = [each for each in taken if isinstance(each, Attempt)]
    if refused and len(refused) == len(taken):
        return refused[0]
    return [syntax for part, each in zip(parts, taken, strict=True) for syntax in _syntaxes(each, len(part))]


def _is_silent(target: Target, peer: Peer, proposal: Proposal, endpoint: Endpoint | None) -> bool:
    """Not only to so many contexts: to one, too. Each silence takes seconds."""
    attempt, _ = _propose(target, peer, [proposal], endpoint, "")
    return isinstance(attempt.response, came.Silent)


def _syntaxes(half: list[str] | Attempt, count: int) -> list[str]:
    return [""] * count if isinstance(half, Attempt) else half


def _propose(
    target: Target,
    peer: Peer,
    proposals: Sequence[Proposal],
    endpoint: Endpoint | None,
    witness: str,
    patience: Sequence[float] = (),
) -> tuple[Attempt, list[tuple[int, str]]]:
    """One association, and what it says of each context, the witness last. Of several contexts fewer are asked next, so
    that one by itself is asked again of an archive that says that it is busy, or what there is ``patience`` for."""
    every = [*proposals, *([(witness, (pdu.IMPLICIT_LE, pdu.EXPLICIT_LE))] if witness else [])]
    contexts = tuple(pdu.Context(2 * n + 1, abstract, transfers) for n, (abstract, transfers) in enumerate(every))
    items = scu.identity_item(peer.identity)
    request = pdu.AssociateRequest(target.called_aet.encode(), peer.aet, contexts, user_items=items)
    patience = PAUSES if len(every) == 1 else patience
    attempt = associate_as(target, peer, endpoint=endpoint, request=request, patience=patience)
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

    def refuses(most: int, patience: Sequence[float] = ()) -> bool:
        proposals = [(uid, pace.syntaxes()) for uid in classes[: most - 1]]
        attempt, results = _propose(target, peer, proposals, endpoint, known, patience)
        return attempt.accepted is None or results[-1][0] != 0

    most = next((most for most in (MOST, 64, 32, 16, 8, 4, 2) if not refuses(most)), 1)
    if most < MOST and refuses(2 * most, PAUSES):  # still: it was not busy with something else
        pace.offer_at_most(most)
        pace.notice(f"{endpoint} gives no association for more than some {most} presentation contexts: asked in parts")
