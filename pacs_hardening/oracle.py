"""What counts as refused. Controls judge through these, so that all of them mean the same by it.

Refusal is a TLS alert, A-ASSOCIATE-RJ, A-ABORT, close, a DIMSE failure status, or 401/403; and no data set
and no byte of an object came with it. Silence until the deadline is a hang, not a refusal.
"""

from __future__ import annotations

from collections.abc import Iterable

from .model import Door, Inapplicable, Target, Unmeasurable, Violation
from .probes.association import Attempt, Outcome
from .probes.authorised import Authorised
from .probes.web import WebAttempt

REFUSED = "refusal by TLS alert, A-ASSOCIATE-RJ, A-ABORT, close or a DIMSE failure status, and no data set"


def must_refuse(attempts: Iterable[Attempt]) -> None:
    """Raises Violation for the first attempt that was served, leaked a data set, or met silence; Inapplicable
    where nothing was attempted at all."""
    seen = list(attempts)
    if not seen:
        raise Inapplicable("the target has no DICOM door")
    for attempt in seen:
        if attempt.datasets:
            actual = f"{attempt.said}; {len(attempt.datasets)} data sets came back"
        elif attempt.outcome is Outcome.SILENT:
            actual = f"{attempt.said} (a hang is not a refusal)"
        elif attempt.outcome is Outcome.SERVED:
            actual = attempt.said
        else:
            continue
        raise Violation(REFUSED, actual, attempt.transcript)


def must_differ(attempts: Iterable[Attempt], authorised: Attempt) -> None:
    """Nobody may be told by the archive what an authorised node is told, failures included: a C-GET for a study
    that does not exist ends with a failure status for everybody whose request was processed."""
    for attempt in attempts:
        if attempt.stage and attempt.stage == authorised.stage and attempt.how == authorised.how:
            raise Violation(REFUSED, f"{attempt.said}, as for an authorised node", attempt.transcript)


def must_refuse_association(attempts: Iterable[Attempt]) -> None:
    """Like ``must_refuse``, and not even the association may be accepted."""
    seen = list(attempts)
    must_refuse(seen)
    for attempt in seen:
        if attempt.accepted is not None:
            raise Violation(
                "A-ASSOCIATE-RJ, A-ABORT or close", f"{attempt.said}, after A-ASSOCIATE-AC", attempt.transcript
            )


def must_refuse_web(
    attempts: Iterable[WebAttempt],
    authorised: Authorised,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> None:
    """Raises Violation where somebody was answered 2xx; Unmeasurable where an answer is neither that nor a
    refusal (401, 403, close), or the authorised user does not get 2xx for the same request."""
    unclear = ""
    for attempt in attempts:
        if attempt.answer is None or attempt.answer.status in (401, 403):
            continue
        actual = f"{attempt.asked} without login at {attempt.door} answers {attempt.how}"
        if 200 <= attempt.answer.status < 300:
            raise Violation("401 or 403, or no answer at all", actual, (actual,))
        unclear = unclear or f"{actual}: neither what was asked for nor a refusal"
    authorised.web(path, method=method, headers=headers, body=body)
    if unclear:
        raise Unmeasurable(unclear)


def must_be_tls(target: Target, service: str) -> list[Door]:
    """The TLS doors of ``service``. Raises Inapplicable where it has none: that itself is judged by
    the controls on plaintext."""
    doors = [door for door in target.doors_of(service) if door.tls]
    if not doors:
        raise Inapplicable(f"the target has no {service} door with TLS")
    return doors
