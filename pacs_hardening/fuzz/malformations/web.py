"""HTTP where it is malformed, and HTTP on the port of DICOM (RFC 9112)."""

from __future__ import annotations

from ..conversation import Expectation, Step
from ..parts import REQUEST, send, text
from ..registry import Pick, Steps, malformation

SURVIVAL, WAITING = Expectation.SURVIVAL, Expectation.WAITING
END = "0d0a"


def _head(line: str, *fields: str) -> str:
    return " ".join(f"{text(each)} {END}" for each in (line, "Host: localhost", *fields)) + f" {END}"


@malformation("RFC 9112 3", SURVIVAL)
def request_line(pick: Pick) -> Steps:
    """A request line without parts, too long, with other versions, with control characters."""
    return [
        send(
            pick.of(
                [
                    f"{END * 2}",
                    _head("GET"),
                    _head("GET / HTTP/9.9"),
                    f"41*70000 {END}",
                    f'"GET /" 00 " HTTP/1.1" {END} {END}',
                    _head("GET http://[::1 HTTP/1.1"),
                    f'"GET " 2f*60000 " HTTP/1.1" {END} {END}',
                    _head("GET * HTTP/1.1"),
                ]
            )
        )
    ]


@malformation("RFC 9112 5", SURVIVAL)
def fields(pick: Pick) -> Steps:
    """Header fields without name, without end, folded, thousands of them."""
    many = f"{pick.of([10, 1000, 5000])}*( {text('X: y')} {END} )"
    return [
        send(
            pick.of(
                [
                    f"{text('GET / HTTP/1.1')} {END} {many} {END}",
                    _head("GET / HTTP/1.1", ": x"),
                    _head("GET / HTTP/1.1", "X"),
                    f"{text('GET / HTTP/1.1')} {END} {text('Host: a')} 00 {END} {END}",
                    _head("GET / HTTP/1.1", "Host: other"),
                ]
            )
        )
    ]


@malformation("RFC 9112 6", WAITING)
def content_length(pick: Pick) -> Steps:
    """Lengths that are negative, enormous, not a number, or two that differ (CVE-2026-5440 class)."""
    value = pick.of(["-1", "18446744073709551615", "4294967296", "99999999999999999999999", "0x10", "1e9", "4, 5"])
    return [
        send(
            _head("POST /dicom-web/studies HTTP/1.1", f"Content-Length: {value}", "Content-Type: multipart/related"),
            "41*32",
        )
    ]


@malformation("RFC 9112 7.1", WAITING)
def chunks(pick: Pick) -> Steps:
    """Chunks whose length lies, is no number, or never ends; chunked and a length at once (request smuggling)."""
    chunk = pick.of(["ffffffffffffffff", "-1", "zz", "7fffffff", "0;" + "x" * 4000, "00000000000000000001"])
    fields = pick.of([("Transfer-Encoding: chunked",), ("Transfer-Encoding: chunked", "Content-Length: 4")])
    return [send(_head("POST /dicom-web/studies HTTP/1.1", *fields), f"{text(chunk)} {END} 41*16 {END}")]


@malformation("RFC 9112 8", SURVIVAL)
def cut_off(pick: Pick) -> Steps:
    """A request that ends in the middle."""
    return [
        send(pick.of(['"G"', '"GET / HT"', f'"GET / HTTP/1.1" {END} "Hos"'])),
        pick.of([Step("finish"), Step("reset")]),
    ]


@malformation("RFC 9112 2", SURVIVAL)
def no_http(pick: Pick) -> Steps:
    """DICOM, HTTP/2 and noise on the port of HTTP."""
    return [
        send(
            pick.of(
                [
                    REQUEST,
                    text("PRI * HTTP/2.0") + f" {END}{END} " + text("SM") + f" {END}{END}",
                    "00*64",
                    "ff*64",
                    "16 03 01 00 05 01 00 00 01 00",
                ]
            )
        )
    ]


@malformation("PS3.18 10.5", SURVIVAL)
def multipart(pick: Pick) -> Steps:
    """A body without the boundary that its header names, or with a boundary of thousands of characters."""
    boundary = pick.of(["x", "x" * 4000, "", "-" * 60])
    body = pick.of(["41*64", f"{text('--x')} {END} {text('--x')} {END}", f"500*( {text('--x')} {END} )"])
    head = _head(
        "POST /dicom-web/studies HTTP/1.1",
        f"Content-Type: multipart/related; boundary={boundary}",
        "Content-Length: 64",
    )
    return [send(head, body)]
