"""What counts as refused. Controls judge through these, so that all of them mean the same by it.

Refusal is a TLS alert, A-ASSOCIATE-RJ, A-ABORT, close, a DIMSE failure status, or 401/403; and no data set
and no byte of an object came with it. Silence until the deadline is a hang, not a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .model import Door, Inapplicable, Target, Unmeasurable, Violation
from .probes.association import Attempt, Outcome
from .probes.authorised import Authorised
from .probes.web import WebAttempt, leaks

REFUSED = "refusal by TLS alert, A-ASSOCIATE-RJ, A-ABORT, close or a DIMSE failure status, and no data set"
NOT_AUTHORISED = ("0122H", "0124H", "0211H")  # SOP class not supported, not authorised, unrecognised (PS3.7 C.5)


def must_hold(expected: str, failures: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Raises one Violation for all ``failures`` (what was seen, evidence): a waiver for one open door must not
    cover the next."""
    if failures:
        actual, evidence = failures[0]
        further = [said for said in dict.fromkeys(said for said, _ in failures) if said != actual]
        raise Violation(expected, actual, (*evidence, *(f"also: {said}" for said in further)), further)


def must_refuse(attempts: Iterable[Attempt]) -> None:
    """Raises Violation for the attempts that were served, received a byte, had objects sent, or met silence;
    Inapplicable where nothing was attempted at all; and only then what the attempts themselves raise."""
    seen: list[Attempt] = []
    unmeasured: Unmeasurable | None = None
    try:
        seen.extend(attempts)
    except Unmeasurable as error:
        unmeasured = error
    must_hold(REFUSED, [(why, attempt.transcript) for attempt in seen if (why := _not_refused(attempt))])
    if unmeasured is not None:
        raise unmeasured
    if not seen:
        raise Inapplicable("the target has no DICOM door")


def _not_refused(attempt: Attempt) -> str:
    if attempt.received or attempt.datasets:
        return f"{attempt.said}; {attempt.received} bytes of data sets came back"
    if attempt.completed:
        return f"{attempt.said}; {attempt.completed} objects were sent away"
    if attempt.outcome is Outcome.SILENT:
        return f"{attempt.said} (a hang is not a refusal)"
    return attempt.said if attempt.outcome is Outcome.SERVED else ""


def must_differ(attempts: Iterable[Attempt], authorised: Attempt) -> None:
    """Nobody may be told by the archive what an authorised node is told, failures included: a C-GET for a study
    that does not exist ends with a failure status for everybody whose request was processed."""
    alike = [a for a in attempts if a.stage and a.stage == authorised.stage and a.how == authorised.how]
    must_hold(REFUSED, [(f"{a.said}, as for an authorised node", a.transcript) for a in alike])


def must_not_process(attempts: Iterable[Attempt]) -> None:
    """For requests whose object does not exist: a status that says so, instead of "not authorised", shows that
    the archive looked."""
    looked = [a for a in attempts if a.how.startswith("DIMSE status") and not a.how.endswith(NOT_AUTHORISED)]
    must_hold(REFUSED, [(f"{a.said}: the request was processed", a.transcript) for a in looked])


def must_refuse_association(attempts: Iterable[Attempt]) -> None:
    """Like ``must_refuse``, and not even the association may be accepted."""
    seen = list(attempts)
    admitted = [(f"{a.said}, after A-ASSOCIATE-AC", a.transcript) for a in seen if a.accepted is not None]
    must_hold("A-ASSOCIATE-RJ, A-ABORT or close", admitted)
    must_refuse(seen)


def must_refuse_web(
    attempts: Iterable[WebAttempt],
    authorised: Authorised,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    absent: bool = False,
) -> None:
    """Raises Violation where somebody was answered 2xx, or got in any other answer what the authorised user gets
    (which is 404 where there is nothing to retrieve: ``absent``); Unmeasurable where an answer is neither that
    nor a refusal (401, 403, close), or the authorised user is not served by the same request.
    """
    seen = list(attempts)
    must_hold(
        "401 or 403, or no answer at all",
        [(a.said, (a.said,)) for a in seen if a.answer is not None and 200 <= a.answer.status < 300],
    )
    page = authorised.web(path, method=method, headers=headers, body=body, absent=absent)
    for attempt in seen:
        if attempt.answer is None:
            continue
        if attempt.answer.status == page.status or leaks(attempt.answer, page, authorised.target):
            raise Violation("no content without login", f"{attempt.said}, with what a user gets in it", (attempt.said,))
        if attempt.answer.status not in (401, 403):
            raise Unmeasurable(f"{attempt.said}: neither what was asked for nor a refusal")


def must_be_tls(target: Target, service: str) -> list[Door]:
    """The TLS doors of ``service``. Raises Inapplicable where it has none: that itself is judged by
    the controls on plaintext."""
    doors = [door for door in target.doors_of(service) if door.tls]
    if not doors:
        raise Inapplicable(f"the target has no {service} door with TLS")
    return doors
