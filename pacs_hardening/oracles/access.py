"""What counts as refused on a DICOM endpoint. Controls judge through these, so that all of them mean the same by it.

Refusal is a TLS alert, A-ASSOCIATE-RJ, A-ABORT, close or a DIMSE failure status; and no data set and no byte of an
object came with it. Silence until the deadline is a hang, not a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from ..model import Stranger, Unmeasurable, Violation
from ..model import response as came
from ..model.response import Response, Said
from ..probes.dicom.association import Attempt

REFUSED = "refusal by TLS alert, A-ASSOCIATE-RJ, A-ABORT, close or a DIMSE failure status, and no data set"
Failure = tuple[Said, Sequence[Said]]  # what was seen, and the evidence


def must_hold(
    expected: str, failures: Sequence[Failure], fix: Iterable[str] = (), strangers: Iterable[Stranger] = ()
) -> None:
    """Raises one Violation for all ``failures``: a waiver for one open endpoint must not cover the next. ``fix``: what
    to change, where that is known better than the environment knows it. ``strangers``: who was let in."""
    if failures:
        actual, evidence = failures[0]
        further = [said for said in dict.fromkeys(said for said, _ in failures) if said != actual]
        raise Violation(expected, actual, (*evidence, *(("also: ", said) for said in further)), further, fix, strangers)


def must_refuse(attempts: Iterable[Attempt]) -> None:
    """Raises Violation for the attempts that were served, received a byte, had objects sent, or met silence;
    and only then what the attempts themselves raise, or Unmeasurable where nothing was attempted at all."""
    seen: list[Attempt] = []
    unmeasured: Unmeasurable | None = None
    try:
        seen.extend(attempts)
    except Unmeasurable as error:
        unmeasured = error
    failures, strangers = list[Failure](), list[Stranger]()
    for attempt in seen:
        try:
            why = _not_refused(attempt)
        except Unmeasurable as error:
            unmeasured = unmeasured or error
        else:
            failures += [] if why is None else [(why, attempt.transcript)]
            strangers += [] if why is None else [attempt.peer.stranger]
    must_hold(REFUSED, failures, strangers=strangers)
    if unmeasured is not None:
        raise unmeasured
    if not seen:
        raise Unmeasurable("nothing was attempted: the target names no DICOM endpoint")


def _not_refused(attempt: Attempt) -> Said | None:
    """Raises Unmeasurable for a response that says nothing of the kind."""
    if attempt.received or attempt.datasets:
        return attempt.observed, f"; {attempt.received} bytes of data sets came back"
    if attempt.completed:
        return attempt.observed, f"; {attempt.completed} objects were sent away"
    match attempt.response:
        case came.Served():
            return attempt.observed
        case came.Silent():
            return attempt.observed, " (a hang is not a refusal)"
        case came.Endless():
            return attempt.observed, " (which is no refusal)"
        case came.TlsAlert() | came.TlsFailed() | came.Rejected() | came.Aborted() | came.Closed():
            return None
        case came.ContextRefused() | came.Unexpected() | came.DimseStatus():
            return None
        case came.Acknowledged():
            return attempt.observed if attempt.response.shows_that_it_looked else None
        case came.Nonsense() | came.HttpStatus() | came.NotConnected() | came.NotTrusted():
            raise Unmeasurable(attempt.observed, ": neither what was asked for nor a refusal")
        case _:
            assert_never(attempt.response)


def must_differ(attempts: Iterable[Attempt], authorised: Attempt) -> None:
    """Nobody may be told by the archive what an authorised node is told, failures included: a C-GET for a study
    that does not exist ends with a failure status for everybody whose request was processed."""
    alike = [each for each in attempts if _is_told_the_same(each, authorised)]
    said = [((each.observed, ", as for an authorised node"), each.transcript) for each in alike]
    must_hold(REFUSED, said, strangers=[each.peer.stranger for each in alike])


def _is_told_the_same(attempt: Attempt, authorised: Attempt) -> bool:
    """By the archive's own status of the same service: what stands before it may end both connections alike."""
    asked, other = attempt.operation, authorised.operation
    same_service = asked is not None and other is not None and asked.field == other.field
    return same_service and isinstance(attempt.response, came.DimseStatus) and attempt.response == authorised.response


def must_not_process(attempts: Iterable[Attempt]) -> None:
    """For requests whose object does not exist: a status that says so, instead of "not authorised", shows that
    the archive looked."""
    looked = [each for each in attempts if _shows_that_it_looked(each.response)]
    must_hold(REFUSED, [((each.observed, ": the request was processed"), each.transcript) for each in looked])


def _shows_that_it_looked(response: Response) -> bool:
    match response:
        case came.Served():
            return True
        case came.DimseStatus() | came.Acknowledged():
            return response.shows_that_it_looked
        case (
            came.TlsAlert()
            | came.TlsFailed()
            | came.Rejected()
            | came.Aborted()
            | came.Closed()
            | came.ContextRefused()
            | came.Unexpected()
        ):
            return False
        case (
            came.Silent()
            | came.Nonsense()
            | came.Endless()
            | came.HttpStatus()
            | came.NotConnected()
            | came.NotTrusted()
        ):
            return False
        case _:
            assert_never(response)


def must_refuse_association(attempts: Iterable[Attempt]) -> None:
    """Like ``must_refuse``, and not even the association may be accepted."""
    seen = list(attempts)
    admitted = [a for a in seen if a.accepted is not None]
    said = [((a.observed, ", after A-ASSOCIATE-AC"), a.transcript) for a in admitted]
    must_hold("A-ASSOCIATE-RJ, A-ABORT or close", said, strangers=[a.peer.stranger for a in admitted])
    must_refuse(seen)
