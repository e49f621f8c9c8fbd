"""What counts as talking in plaintext, and which endpoints are to be asked about TLS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from ..model import Endpoint, Inapplicable, Target, Unmeasurable, Unnamed
from ..model import response as came
from ..model.response import Observed
from .access import Failure, must_hold

_TLS_ONLY = (400, 426)  # how web servers answer plaintext where they want TLS


def must_be_tls(target: Target, service: str) -> list[Endpoint]:
    """The TLS endpoints of ``service`` ("": of any). Raises Unnamed where it names none of that service; Inapplicable
    where none of those has TLS: that itself is judged by the controls on plaintext."""
    endpoints = target.endpoints_of(service) if service else target.endpoints
    if not endpoints:
        raise Unnamed(f"the target names no {service} endpoint")
    with_tls = [endpoint for endpoint in endpoints if endpoint.tls]
    if not with_tls:
        raise Inapplicable(f"no {service} endpoint of the target has TLS".replace("  ", " "))
    return with_tls


def must_refuse_plaintext(seen: Iterable[Observed]) -> None:
    """Raises Violation for every answer in the protocol that was asked in; Unmeasurable, where there is none, for
    silence and for what is neither the protocol nor TLS."""
    unmeasured, talked = list[Unmeasurable](), dict[Endpoint, Failure]()
    for each in seen:
        try:
            if _talks(each):
                talked.setdefault(each.endpoint, (each, ()))
        except Unmeasurable as error:
            unmeasured.append(error)
    must_hold("nothing but TLS: a TLS alert, close, or the way to https", list(talked.values()))
    if unmeasured:
        raise unmeasured[0]


def _talks(seen: Observed) -> bool:
    match seen.response:
        case (
            came.Served()
            | came.Rejected()
            | came.Aborted()
            | came.Unexpected()
            | came.ContextRefused()
            | came.DimseStatus()
            | came.Acknowledged()
            | came.Endless()
        ):
            return True
        case came.HttpStatus(code, _, to_https):
            sent_on = to_https and code in (301, 302, 307, 308)
            return not sent_on and not (seen.endpoint.tls and code in _TLS_ONLY)
        case came.TlsAlert() | came.TlsFailed() | came.Closed():
            return False
        case came.Silent() | came.Nonsense() | came.NotConnected() | came.NotTrusted():
            raise Unmeasurable(seen, ": neither an answer nor a refusal")
        case _:
            assert_never(seen.response)
