"""What counts as having survived a hostile peer: each oracle with a verdict of its own.

Whatever is not listed here was survived: an answer by A-ASSOCIATE-RJ, A-ABORT or close, with the others served
meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from .model import Violation
from .model.usage import Usage
from .probes.robustness import Pulse, Round
from .wire import dimse, pdu, strict
from .wire.conversation import MAX_ANSWER, Answer, Case, Expectation

SURVIVED = (
    "refusal by A-ASSOCIATE-RJ, A-ABORT or close within the time limit, everybody else served, the process unharmed"
)


class Fault(StrEnum):
    """In what way it was not survived."""

    ACCEPTED = "an invalid request was accepted"
    HANG = "no answer and no close until the deadline"
    NONSENSE = "an answer that is none"
    REASON = "a reason that PS3.8 does not know"
    DATA_SET = "a data set came back"
    SUCCESS = "an invalid request was answered with success"
    CANARY = "a value that belongs to somebody else came back"
    ECHO = "our own bytes came back"
    ENDLESS = "an answer without end"
    PROCESS = "the server process ended or restarted"
    DURING = "others are not served while the hostile peer is connected"
    AFTER = "others are not served afterwards"


@dataclass(frozen=True)
class Found:
    """One fault, and the case that did it; several where the culprit among them is not known. ``confirmed``: what a
    fresh server made of it, as a sentence."""

    fault: Fault
    how: str
    cases: tuple[Case, ...]
    confirmed: str = ""


def judge_round(round_: Round, born: str, canaries: Sequence[bytes], *, strictly: bool = False) -> list[Found]:
    """All that one round showed; what a single answer shows comes first, because it names its culprit."""
    found = [
        Found(fault, how, (case,))
        for case, answer in round_.answers
        for fault, how in judge_answer(case, answer, canaries, strictly=strictly)
    ]
    suspects = tuple(round_.cases)
    if round_.fingerprint != born:
        found.append(Found(Fault.PROCESS, f"{born} became {round_.fingerprint}", suspects))
    for fault, pulse in ((Fault.DURING, round_.during), (Fault.AFTER, round_.after)):
        if not pulse.served:
            found.append(Found(fault, pulse.how, suspects))
    return found


def judge_answer(
    case: Case, answer: Answer, canaries: Sequence[bytes], *, strictly: bool = False
) -> list[tuple[Fault, str]]:
    """What one answer shows, without looking at the server."""
    said = answer.said
    expects = case.expects
    found = [(Fault.CANARY, f"{said}: {len(canary)} bytes of it") for canary in canaries if canary in answer.data][:1]
    if answer.ended == "endless":
        found.append((Fault.ENDLESS, said))
    if case.is_dicom:
        found += _in_dicom(case, expects, answer, strictly)
    if not found and expects is Expectation.REFUSAL and answer.ended == "open":
        found.append((Fault.HANG, f"{said} after {answer.seconds:.1f} s"))
    return found


def _in_dicom(case: Case, expects: Expectation, answer: Answer, strictly: bool) -> list[tuple[Fault, str]]:
    said, found = answer.said, list[tuple[Fault, str]]()
    if _accepts(answer) and expects in (Expectation.REFUSAL, Expectation.WAITING):
        found.append((Fault.ACCEPTED, said))
    if _is_echo(answer):
        found.append((Fault.ECHO, said))
    elif nonsense := _nonsense(answer):
        found.append((Fault.NONSENSE, f"{said}: {nonsense}"))
    found += [(Fault.REASON, said) for kind, body in answer.pdus if strictly and not _is_known_reason(kind, body)][:1]
    return found + _dimse(case, answer)


def _accepts(answer: Answer) -> bool:
    """An A-ASSOCIATE-AC where none was due, unless an abort followed: of two requests, the first may be in order."""
    kinds = [kind for kind, _ in answer.pdus]
    return not answer.accepted and pdu.A_ASSOCIATE_AC in kinds and pdu.A_ABORT not in kinds


def _is_echo(answer: Answer) -> bool:
    """An acceptor sends neither requests for an association nor, to us, commands that are no response (bit 15)."""
    commands = [piece for _, is_command, piece in _fragments(answer) if is_command]
    return any(kind == pdu.A_ASSOCIATE_RQ for kind, _ in answer.pdus) or any(map(_is_request, commands))


def _is_request(command: bytes) -> bool:
    field = _element(command, dimse.FIELD)
    return field is not None and not field & dimse.RESPONSE


def _fragments(answer: Answer) -> list[tuple[int, bool, bytes]]:
    found = []
    for kind, body in answer.pdus:
        if kind == pdu.P_DATA_TF:
            try:
                found += [(number, is_command, piece) for number, is_command, _, piece in pdu.fragments(body)]
            except pdu.ProtocolError:
                continue
    return found


def _nonsense(answer: Answer) -> str:
    if answer.rest and answer.ended != "endless" and not _is_cut(answer.rest):
        return f"it goes on with {answer.rest[:8].hex(' ')}"
    for kind, body in answer.pdus:
        try:
            strict.check_length(kind, len(body), MAX_ANSWER)
            if kind == pdu.P_DATA_TF:
                list(pdu.fragments(body))
        except (strict.Invalid, pdu.ProtocolError) as error:
            return str(error)
    return ""


def _is_cut(rest: bytes) -> bool:
    """The beginning of a PDU that the peer did not finish, or a TLS alert on a connection without TLS."""
    return 1 <= rest[0] <= 7 or rest[:2] == b"\x15\x03"


def _is_known_reason(kind: int, body: bytes) -> bool:
    """PS3.8 tables 9-21 and 9-26."""
    if kind == pdu.A_ASSOCIATE_RJ:
        reasons = {1: (1, 2, 3, 7), 2: (1, 2), 3: (1, 2)}
        return body[1] in (1, 2) and body[3] in reasons.get(body[2], ())
    if kind == pdu.A_ABORT:
        return body[2] == 0 or (body[2] == 2 and body[3] in (0, 1, 2, 4, 5, 6))
    return True


def _dimse(case: Case, answer: Answer) -> list[tuple[Fault, str]]:
    if not answer.accepted:
        return []
    found = []
    for _, is_command, piece in _fragments(answer):
        if not is_command and piece:
            found.append((Fault.DATA_SET, f"{answer.said}: {len(piece)} bytes of a data set"))
        elif is_command and case.expects is Expectation.NO_SUCCESS and _element(piece, dimse.STATUS) == 0:
            found.append((Fault.SUCCESS, answer.said))
    return found[:1]


def _element(command: bytes, element: int) -> int | None:
    try:
        elements = dimse.decode_command(command)
    except pdu.ProtocolError:
        return None
    return dimse.number(elements, element) if element in elements else None


def must_survive(found: Sequence[Found], evidence: Sequence[str] = ()) -> None:
    """Raises one Violation for everything that was found."""
    if found:
        said = [f"{each.fault}: {_named(each.cases)}: {each.how}" for each in found]
        fresh = [f"{_named(each.cases)}: {each.confirmed}" for each in found if each.confirmed]
        raise Violation(
            SURVIVED,
            said[0],
            (*said[:12], *fresh, *evidence),
            [each for each in dict.fromkeys(said) if each != said[0]],
        )


def _named(cases: Sequence[Case]) -> str:
    return cases[0].name if len(cases) == 1 else f"one of {', '.join(case.name for case in cases[:4])} …"


def must_be_served(pulse: Pulse, while_: str) -> None:
    if not pulse.served:
        raise Violation(f"an authorised C-ECHO and C-FIND succeed {while_}", pulse.how, (pulse.how,))


def must_stop(rounds: Sequence[Round], born: str) -> None:
    """Each conversation was ended by the server, with A-ABORT or before it had taken everything in; nobody else
    suffered."""
    must_survive([found for round_ in rounds for found in judge_round(round_, born, ())])
    for case, answer in (each for round_ in rounds for each in round_.answers):
        if not answer.cut and not any(kind in (pdu.A_ABORT, pdu.A_ASSOCIATE_RJ) for kind, _ in answer.pdus):
            taken = f"{case.malformation} was taken in: {answer.said}"
            raise Violation("A-ABORT, or close before all of it has come", taken)


# What is less than this for each association is not told from the noise of an allocator.
NOISE = {"memory": 64 << 10, "descriptors": 0.5, "threads": 0.5, "processes": 0.5}


def must_not_grow(readings: Sequence[Usage], associations: int, what: str) -> None:
    """Readings after equal numbers of hostile associations. Growth counts where it comes with every step but the first,
    which may be something that is allocated once, and is more than noise for each association."""
    values = [getattr(reading, what) for reading in readings]
    steps = [after - before for before, after in pairwise(values[1:])]
    slope = sum(steps) / (len(steps) * associations)
    if all(step > 0 for step in steps) and slope > NOISE[what]:
        seen = " -> ".join(map(str, values))
        grown = f"{what} {seen}, with {associations} associations between two readings: {slope:.1f} for each"
        raise Violation(f"{what} as before once hostile associations have ended", grown, (grown,))
