"""TLS records and handshakes (RFC 8446 4 and 5, RFC 5246), and other protocols where TLS is due. All of it is sent on
the bare connection."""

from __future__ import annotations

from ..conversation import Expectation, Step
from ..parts import ECHO, REQUEST, send
from ..registry import Pick, Steps, malformation

WAITING, SURVIVAL = Expectation.WAITING, Expectation.SURVIVAL
HELLO = "01 00 <2 03 03 5a*32 00 <2 13 01 c0 2b> 01 00 <2 00 0a <2 <2 00 1d>> 00 0d <2 <2 04 03>>>>"


def _record(kind: str, inner: str, *, version: str = "03 01", lie: str = "") -> str:
    return f"{kind} {version} <2{lie} {inner}>"


def _plain(*recipes: str) -> Steps:
    return [Step("plain"), send(*recipes)]


@malformation("PS3.15 B.12")
def plaintext(pick: Pick) -> Steps:
    """DICOM or HTTP without TLS, where TLS is due."""
    return _plain(
        pick.of([REQUEST, f"{REQUEST} {ECHO}", '"GET / HTTP/1.1" 0d0a "Host: x" 0d0a0d0a', "00*600", "ff*600"])
    )


@malformation("RFC 8446 5.1", WAITING)
def record_length(pick: Pick) -> Steps:
    """A record that is empty, longer than 16 KiB, or longer than what arrives."""
    return _plain(_record("16", pick.of(["", HELLO, HELLO]), lie=pick.of(["", "=ffff", "=4801", "+100"])))


@malformation("RFC 8446 5.1")
def record_type(pick: Pick) -> Steps:
    """A first record that is an alert, application data, a change of cipher, a heartbeat, or of no known type."""
    kind = pick.of(["17", "14", "18", "00", "ff", "63"])
    return _plain(_record(kind, pick.of(["01", "01 40 00", "00*64"])), _record(kind, "00*1024"))


@malformation("RFC 8446 4", WAITING)
def handshake_length(pick: Pick) -> Steps:
    """A handshake message of 16 MiB, of which little arrives."""
    return _plain(
        _record("16", f"01 {pick.of(['ff ff ff', '7f ff ff', '00 ff ff'])} 03 03 00*{pick.of([0, 32, 2000])}")
    )


@malformation("RFC 8446 4.1.2", WAITING)
def hello_fields(pick: Pick) -> Steps:
    """A ClientHello without suites, with a session ID beyond its end, with extensions that run over."""
    inner = pick.of(
        [
            "03 03 00*32 ff",
            "03 03 00*32 00 <2 >",
            "03 03 00*32 00 <2=ffff 13 01>",
            "00 00",
            "03 03 00*32 00 <2 13 01> 01 00 <2=ffff 00 00>",
        ]
    )
    return _plain(_record("16", f"01 00 <2 {inner}>"))


@malformation("RFC 8446 5.1", WAITING)
def split_records(pick: Pick) -> Steps:
    """A ClientHello in records of a single byte, and then nothing."""
    pieces = " ".join(_record("16", byte) for byte in ["01", "00", "00", "60", "03", "03", "5a"][: pick.of([1, 4, 7])])
    return _plain(pieces)


@malformation("RFC 8446 5.1", WAITING)
def drip(pick: Pick) -> Steps:
    """The beginning of a ClientHello in segments of one byte, and the end of the stream."""
    return [Step("plain"), Step("drip", f"16 03 01 02 00 01 00 01 fc 03 03 00*{pick.of([1, 10, 30])}"), Step("finish")]


@malformation("RFC 8446 6", SURVIVAL)
def alerts(pick: Pick) -> Steps:
    """Alerts before anything was said, hundreds of them."""
    return _plain(f"{pick.of([1, 3, 300])}*( {_record('15', pick.of(['01 00', '02 28', 'ff ff', '01']))} )")


@malformation("RFC 6176", WAITING)
def old_hello(pick: Pick) -> Steps:
    """A hello of SSL 2.0 and of versions that do not exist."""
    return _plain(
        pick.of(
            [
                "80 2e 01 00 02 00 15 00 00 00 10 01 00 80 00*40",
                _record("16", HELLO, version="03 00"),
                _record("16", HELLO, version="7f 7f"),
            ]
        )
    )


@malformation("RFC 8446 4.1.2", SURVIVAL)
def hello_and_silence(pick: Pick) -> Steps:
    """A hello that may be in order, then noise, the end of the stream or a reset instead of the next message."""
    return [Step("plain"), send(_record("16", HELLO)), pick.of([Step("finish"), Step("reset"), send("00*64")])]
