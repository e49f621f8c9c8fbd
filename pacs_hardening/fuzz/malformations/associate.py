"""The A-ASSOCIATE-RQ as a whole and its fixed part (PS3.8 9.3.1 and 9.3.2), and what comes instead of it."""

from __future__ import annotations

from .. import parts
from ..conversation import Expectation, Step
from ..parts import REQUEST, rq, send
from ..registry import Pick, Steps, malformation

WAITING, SURVIVAL = Expectation.WAITING, Expectation.SURVIVAL


@malformation("PS3.8 9.3.1", WAITING)
def cut_short(pick: Pick) -> Steps:
    """Only a part of the PDU header arrives: a receiver that reads six bytes at once may read what is not there."""
    return [send(" ".join(["01", "00", "00", "00", "01", "00"][: pick.of([1, 2, 3, 5])]))]


@malformation("PS3.8 9.3.1", WAITING)
def longer_than_sent(pick: Pick) -> Steps:
    """The length says more than arrives: buffers of 4 GiB are reserved by receivers that believe it at once."""
    return [send(rq(lie=pick.of(["+1", "+4", "+64", "+32768"])))]


@malformation("PS3.8 9.3.1")
def enormous(pick: Pick) -> Steps:
    """A length that no request can have (CVE class: allocation by a peer's word)."""
    return [send(rq(lie=pick.of(["=ffffffff", "=7fffffff", "=80000000", "=fffffffa", "=40000000", "=10000000"])))]


@malformation("PS3.8 9.3.1")
def shorter_than_sent(pick: Pick) -> Steps:
    """The length says less than arrives: the last items are cut, and the rest is read as the next PDU."""
    return [send(rq(lie=f"-{pick.of([1, 2, 3, 4, 8, 20, 60])}"), "00*16")]


@malformation("PS3.8 9.3.2")
def shorter_than_its_fixed_part(pick: Pick) -> Steps:
    """A whole PDU that ends before its fixed 68 bytes do."""
    return [send(f"01 00 <4 00*{pick.of([1, 2, 16, 36, 67])}>")]


@malformation("PS3.8 9.3.1")
def without_body(pick: Pick) -> Steps:
    """PDUs of every known type with length 0."""
    return [send(f"{pick.of([1, 2, 3, 4, 5, 6, 7]):02x} 00 <4 >", REQUEST)]


@malformation("PS3.8 9.3.1")
def unknown_type(pick: Pick) -> Steps:
    """A PDU type that does not exist, with a request's body."""
    return [send(rq(kind=f"{pick.of([0, 8, 9, 0x10, 0x20, 0x41, 0x7F, 0x80, 0xFE, 0xFF]):02x}"))]


@malformation("PS3.8 9.2")
def another_pdu_first(pick: Pick) -> Steps:
    """A PDU that has no place before an association, instead of a request."""
    others = [f"{kind:02x} 00 <4 00*4>" for kind in (3, 5, 6)]
    return [send(pick.of([*others, parts.ECHO, rq(kind="02"), "04 00 <4 00 00 00 02 01 03>"]))]


@malformation("PS3.8 9.3.2")
def no_protocol_version(pick: Pick) -> Steps:
    """Version bits without bit 0: nothing that both could speak."""
    return [send(rq(version=pick.of(["00 00", "00 02", "80 00", "ff fe"])))]


@malformation("PS3.5 6.2")
def bad_calling_ae_title(pick: Pick) -> Steps:
    """Sixteen bytes that are no AE title: blank, zero, control characters, backslash, bytes above 7FH."""
    return [
        send(rq(calling=pick.of(["20*16", "00*16", '"\\\\" 20*14', "0a*16", "ff*16", '"A" 00 "B" 20*13', "80*16"])))
    ]


@malformation("PS3.5 6.2")
def bad_called_ae_title(pick: Pick) -> Steps:
    """The same for the title of the archive."""
    return [send(rq(called=pick.of(["20*16", "00*16", '"../../etc/passwd"', "ff*16", '"%n%s%x%n%s%x%n%s"', "0d0a*8"])))]


@malformation("PS3.8 9.2", state="Sta6")
def request_again(pick: Pick) -> Steps:
    """A second request on an association (CVE class: what the first one allocated is overwritten)."""
    return parts.on_association(*[send(REQUEST)] * pick.of([1, 2, 3]))


@malformation("PS3.8 9.2")
def two_requests_in_one_segment(pick: Pick) -> Steps:
    """Two requests at once: the second is read before the first is answered."""
    return [send(f"{pick.of([2, 3, 8])}*( {REQUEST} )")]


@malformation("PS3.8 9.2", WAITING)
def byte_by_byte(pick: Pick) -> Steps:
    """A request in segments of one byte, that stops within its fixed part and then ends its side."""
    return [Step("drip", f"01 00 00 00 01 00 00 01 00*{pick.of([1, 8, 20])}"), Step("finish")]


@malformation("PS3.8 9.3.1", WAITING)
def cut_off_and_closed(pick: Pick) -> Steps:
    """Half of a request, and then the end of the stream."""
    return [
        send(f"01 00 00 00 02 00 00 01 00 00 {{called}} {{calling}} 00*{pick.of([0, 10, 40, 300])}"),
        Step("finish"),
    ]


@malformation("PS3.8 9.1.5", WAITING)
def nothing_and_closed(pick: Pick) -> Steps:
    """A connection that says nothing, and leaves politely or not."""
    return [Step(pick.of(["finish", "reset"]))]


@malformation("PS3.8 9.3.1")
def noise(pick: Pick) -> Steps:
    """Bytes without any sense."""
    head = pick.of(["00", "ff", "08", "4a"])
    return [send(head, " ".join(f"{byte:02x}" for byte in pick.data(64)), "a5*16")]


@malformation("PS3.8 9.3.1")
def our_own_answer(pick: Pick) -> Steps:
    """What an acceptor would say: accept, reject, abort with reasons that there are none."""
    refused = f"03 00 <4 00 {pick.of([0, 1, 9, 255]):02x} ff ff>"
    return [send(refused, rq(kind="02"))]


@malformation("PS3.8 9.3.1")
def tls_or_http_instead(pick: Pick) -> Steps:
    """A ClientHello or an HTTP request where DICOM is due."""
    hello = "16 03 01 <2 01 00 <2 03 03 5a*32 00 <2 13 01> 01 00>>"
    return [send(pick.of([hello, '"GET / HTTP/1.1" 0d0a "Host: localhost" 0d0a0d0a', '"SSH-2.0-x" 0d0a']))]
