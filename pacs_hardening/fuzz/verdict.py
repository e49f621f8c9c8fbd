"""What counts as having survived a hostile peer: each oracle with a verdict of its own.

Whatever is not listed here was survived: an answer by A-ASSOCIATE-RJ, A-ABORT or close, with the others served
meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..model import Violation
from ..model.response import Said
from ..wire import dimse, pdu, strict
from .conversation import (
    MAX_ANSWER,
    Answer,
    Case,
    Expectation,
)
from .hostile import Batch

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


class Fresh(StrEnum):
    """What a fresh server made of a fault that was found."""

    UNASKED = ""
    CONFIRMED = "confirmed on a fresh server"
    NOT_AGAIN = "not seen again on a fresh server"
    UNKNOWN = "not confirmed on a fresh server"


@dataclass(frozen=True)
class Found:
    """One fault, and the case that did it; several where the culprit among them is not known. ``fresh``: whether a
    fresh server suffers from it, too, and ``because`` why that is not known."""

    fault: Fault
    how: Said
    cases: tuple[Case, ...]
    fresh: Fresh = Fresh.UNASKED
    because: Said = ""

    @property
    def confirmed(self) -> Said:
        return (f"{self.fresh}", *((": ", self.because) if self.fresh is Fresh.UNKNOWN else ()))


def judge_batch(batch: Batch, born: str, canaries: Sequence[bytes], *, strictly: bool = False) -> list[Found]:
    """All that one batch showed; what a single answer shows comes first, because it names its culprit."""
    found = [
        Found(fault, how, (case,))
        for case, answer in batch.answers
        for fault, how in judge_answer(case, answer, canaries, strictly=strictly)
    ]
    suspects = tuple(batch.cases)
    if batch.fingerprint != born:
        found.append(Found(Fault.PROCESS, f"{born} became {batch.fingerprint}", suspects))
    for fault, pulse in ((Fault.DURING, batch.during), (Fault.AFTER, batch.after)):
        if not pulse.served:
            found.append(Found(fault, pulse.how, suspects))
    return found


def judge_answer(
    case: Case, answer: Answer, canaries: Sequence[bytes], *, strictly: bool = False
) -> list[tuple[Fault, Said]]:
    """What one answer shows, without looking at the server."""
    said = answer.said
    expects = case.expects
    found = list[tuple[Fault, Said]]()
    found += [(Fault.CANARY, (said, f": {len(each)} bytes of it")) for each in canaries if each in answer.data][:1]
    if answer.ended == "endless":
        found.append((Fault.ENDLESS, said))
    if case.is_dicom:
        found += _in_dicom(case, expects, answer, strictly)
    if not found and expects is Expectation.REFUSAL and answer.ended == "open":
        found.append((Fault.HANG, (said, f" after {answer.seconds:.1f} s")))
    return found


def _in_dicom(case: Case, expects: Expectation, answer: Answer, strictly: bool) -> list[tuple[Fault, Said]]:
    said, found = answer.said, list[tuple[Fault, Said]]()
    if _accepts(answer) and expects in (Expectation.REFUSAL, Expectation.WAITING):
        found.append((Fault.ACCEPTED, said))
    if _is_echo(answer):
        found.append((Fault.ECHO, said))
    elif (nonsense := _nonsense(answer)) is not None:
        found.append((Fault.NONSENSE, (said, f": {nonsense}")))
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


def _nonsense(answer: Answer) -> str | None:
    if answer.rest and answer.ended != "endless" and not _is_cut(answer.rest):
        return f"it goes on with {answer.rest[:8].hex(' ')}"
    for kind, body in answer.pdus:
        try:
            strict.check_length(kind, len(body), MAX_ANSWER)
            if kind == pdu.P_DATA_TF:
                list(pdu.fragments(body))
        except (strict.Invalid, pdu.ProtocolError) as error:
            return str(error)
    return None


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


def _dimse(case: Case, answer: Answer) -> list[tuple[Fault, Said]]:
    if not answer.accepted:
        return []
    found = list[tuple[Fault, Said]]()
    for _, is_command, piece in _fragments(answer):
        if not is_command and piece:
            found.append((Fault.DATA_SET, (answer.said, f": {len(piece)} bytes of a data set")))
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
        said: list[Said] = [(f"{each.fault}: {_named(each.cases)}: ", each.how) for each in found]
        fresh = [(f"{_named(each.cases)}: ", each.confirmed) for each in found if each.fresh is not Fresh.UNASKED]
        raise Violation(
            SURVIVED,
            said[0],
            (*said[:12], *fresh, *evidence),
            [each for each in dict.fromkeys(said) if each != said[0]],
        )


def _named(cases: Sequence[Case]) -> str:
    return cases[0].name if len(cases) == 1 else f"one of {', '.join(case.name for case in cases[:4])} …"


def must_stop(batches: Sequence[Batch], born: str) -> None:
    """Each conversation was ended by the server, with A-ABORT or before it had taken everything in; nobody else
    suffered."""
    must_survive([found for batch in batches for found in judge_batch(batch, born, ())])
    for case, answer in (each for batch in batches for each in batch.answers):
        if not answer.cut and not any(kind in (pdu.A_ABORT, pdu.A_ASSOCIATE_RJ) for kind, _ in answer.pdus):
            taken = f"{case.malformation} was taken in: ", answer.said
            raise Violation("A-ABORT, or close before all of it has come", taken)
