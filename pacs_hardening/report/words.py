"""Responses in words, for two readers: the codes of the standards, and what they mean for an administrator."""

from __future__ import annotations

import os
from collections.abc import Set
from typing import assert_never

from ..model import response as came
from ..model.finding import Stranger, Unmeasurable
from ..model.response import Alert, Observed, Response, Said, Stage
from ..model.space import Cause
from . import causes

ALERTS = {each.value: each.name.lower().replace("_", " ") for each in Alert}
CONTEXT_RESULTS = {  # PS3.8 9.3.3.2
    1: "user rejection",
    2: "no reason given",
    3: "abstract syntax not supported",
    4: "transfer syntaxes not supported",
}
PDUS = {
    1: "A-ASSOCIATE-RQ", 2: "A-ASSOCIATE-AC", 3: "A-ASSOCIATE-RJ", 4: "P-DATA-TF", 5: "A-RELEASE-RQ",
    6: "A-RELEASE-RP", 7: "A-ABORT",
}  # fmt: skip


def text(said: Said) -> str:
    """All of it in one line: text as it stands, responses by their codes."""
    match said:
        case str():
            return said
        case tuple():
            return "".join(map(text, said))
        case Observed():
            return _observed(said)
        case Cause():
            return causes.text(said)
        case _:
            return codes(said)


_ANYONE = "ANYONE who reaches the DICOM port"
_STRANGERS = {
    Stranger.POSING: "Whoever reaches the DICOM port and gives the name of an authorised node",
    Stranger.DEVICE: "Any device with a certificate of the same CA",
    Stranger.POSING_DEVICE: "Any device with a certificate of the same CA that gives the name of an authorised node",
}
_WHATEVER = ", whatever name they give"


def exposure(said: str, strangers: Set[Stranger]) -> str:
    """What a control says of anyone, of those who were let in; "" where it is as the control says."""
    if not strangers or Stranger.ANYONE in strangers or not said.startswith(_ANYONE):
        return ""
    known = [each for each in _STRANGERS if each in strangers]
    deed = said.removeprefix(_ANYONE).replace(_WHATEVER, "", 0 if Stranger.DEVICE in strangers else 1)
    who = [_STRANGERS[each] for each in known]
    return " and ".join([who[0], *(f"{each[0].lower()}{each[1:]}" for each in who[1:])]) + deed


def error(raised: BaseException) -> str:
    return text(raised.said) if isinstance(raised, Unmeasurable) else str(raised)


def _observed(seen: Observed) -> str:
    if seen.endpoint.service == "web":
        return f"{seen.asked} {seen.who} at {seen.endpoint} answers {codes(seen.response)}"
    return f"{seen.who} at {seen.endpoint}: {seen.asked} {outcome(seen.response)}, {codes(seen.response)}"


def outcome(response: Response) -> str:
    match response:
        case came.Served():
            return "served"
        case came.Silent():
            return "silent"
        case came.Nonsense() | came.Endless() | came.NotConnected() | came.NotTrusted():
            return "not answered"
        case _:
            return "refused"


def codes(response: Response) -> str:  # noqa: C901, PLR0912 - a branch for each case of a closed type
    """The response as the standards number it."""
    match response:
        case came.Served(by):
            return "association accepted" if by is None else codes(by)
        case came.Silent(seconds, Stage.TLS):
            return f"the TLS handshake was not answered within {seconds:g} s"
        case came.Silent(seconds):
            return f"no answer within {seconds:g} s"
        case came.Nonsense(detail):
            return f"nonsense: {detail}"
        case came.Endless(limit):
            return f"an answer of more than {limit >> 20} MiB"
        case came.NotConnected(errno):
            return f"no TCP connection ({os.strerror(errno) if errno > 0 else 'no such host, or no answer'})"
        case came.NotTrusted(_, detail):
            return f"server certificate not trusted: {detail}"
        case came.TlsAlert(description):
            return f"TLS alert: {ALERTS.get(description, f'description {description}')}"
        case came.TlsFailed(symbol):
            return f"TLS handshake failed ({symbol})"
        case came.Rejected(result, source, reason):
            return f"A-ASSOCIATE-RJ (result {result}, source {source}, reason {reason})"
        case came.Aborted(source, reason):
            return f"A-ABORT (source {source}, reason {reason})"
        case came.Closed(reset):
            return "connection reset" if reset else "connection closed"
        case came.ContextRefused(result):
            return f"presentation context refused: {CONTEXT_RESULTS.get(result, f'result {result}')}"
        case came.Unexpected(pdu):
            return f"answered by {PDUS.get(pdu, f'a PDU of type {pdu:02X}H')}"
        case came.DimseStatus(code):
            return f"DIMSE status {code:04X}H"
        case came.HttpStatus(code, length, _):
            return f"HTTP {code}, {length} bytes"
        case came.Acknowledged(ack, errors):
            told = f", error {', '.join(map(str, sorted(errors)))}" if errors else ""
            return f"HL7 acknowledgment {ack.value}{told}"
        case _:
            assert_never(response)
