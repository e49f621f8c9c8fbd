"""P-DATA-TF and its fragments on an association (PS3.8 9.3.5 and E.2)."""

from __future__ import annotations

from .. import parts
from ..conversation import Expectation, Step
from ..parts import (
    ECHO,
    ECHO_ID,
    FIND_ID,
    REFUSED_ID,
    STORE_ID,
    on_association,
    p_data,
    pdv,
    send,
)
from ..registry import Pick, Steps, malformation

LENIENCE, SURVIVAL = Expectation.LENIENCE, Expectation.SURVIVAL
WAITING, NO_SUCCESS = Expectation.WAITING, Expectation.NO_SUCCESS
ECHO_COMMAND = parts.command(parts.echo())


@malformation("PS3.8 9.3.5.1", state="Sta6")
def pdv_length(pick: Pick) -> Steps:
    """The length of a fragment lies: 0, 1, more than its PDU, FFFFFFFFH (CVE class: a length less 2 that wraps)."""
    return on_association(
        send(
            p_data(
                pdv(
                    ECHO_ID,
                    3,
                    ECHO_COMMAND,
                    pick.of(["=0", "=1", "=ffffffff", "+1", "+2000", "=7fffffff", "=80000001"]),
                )
            )
        )
    )


@malformation("PS3.8 9.3.5.1", state="Sta6")
def pdv_shorter(pick: Pick) -> Steps:
    """A fragment that says less than its PDU holds: what is left is read as another fragment."""
    return on_association(send(p_data(pdv(ECHO_ID, 3, ECHO_COMMAND, f"-{pick.of([2, 10, 20])}"))))


@malformation("PS3.8 9.3.5.1", LENIENCE, state="Sta6")
def without_fragment(pick: Pick) -> Steps:
    """A P-DATA-TF with no fragment, or too short to hold one."""
    return on_association(send(f"04 00 <4 00*{pick.of([0, 1, 3, 4, 5])}>"))


@malformation("PS3.8 9.3.5", WAITING, state="Sta6")
def longer_than_sent(pick: Pick) -> Steps:
    """The PDU announces more than arrives, and within what was negotiated."""
    return on_association(send(p_data(pdv(ECHO_ID, 3, ECHO_COMMAND), lie=pick.of(["+1", "+6", "+100", "+4000"]))))


@malformation("PS3.8 D.1", state="Sta6")
def longer_than_negotiated(pick: Pick) -> Steps:
    """The PDU announces far more than any maximum length that was negotiated."""
    return on_association(
        send(p_data(pdv(ECHO_ID, 3, ECHO_COMMAND), lie=pick.of(["=ffffffff", "=7fffffff", "=10000000"])))
    )


@malformation("PS3.8 9.3.5.1", NO_SUCCESS, state="Sta6")
def unaccepted_context(pick: Pick) -> Steps:
    """A request in a presentation context that was refused, never proposed, or cannot be."""
    return on_association(send(p_data(pdv(pick.of([REFUSED_ID, 9, 255, 0, 2, 254]), 3, ECHO_COMMAND))))


@malformation("PS3.8 E.2", SURVIVAL, state="Sta6")
def control_header(pick: Pick) -> Steps:
    """Message control headers with bits that are reserved (0 when sent, not tested when received)."""
    return on_association(send(p_data(pdv(ECHO_ID, pick.of([0x07, 0x83, 0xFF, 0x43]), ECHO_COMMAND))))


@malformation("PS3.8 E.2", SURVIVAL, state="Sta6")
def data_set_without_command(pick: Pick) -> Steps:
    """Fragments of a data set, while a command is due."""
    return on_association(send(p_data(pdv(pick.of([ECHO_ID, FIND_ID, STORE_ID]), pick.of([0, 2]), "41*64")), ECHO))


@malformation("PS3.8 E.2", WAITING, state="Sta6")
def command_never_finished(pick: Pick) -> Steps:
    """Fragments of a command, none of them the last: a receiver that collects them without bound runs out of memory."""
    return on_association(send(f"{pick.of([1, 16, 200])}*( {p_data(pdv(ECHO_ID, 1, '00*1000'))} )"))


@malformation("PS3.8 E.2", WAITING, state="Sta6")
def empty_fragments(pick: Pick) -> Steps:
    """Many fragments without a byte in them."""
    return on_association(send(f"{pick.of([1, 100, 2000])}*( {p_data(pdv(ECHO_ID, pick.of([0, 1]), ''))} )"))


@malformation("PS3.8 E.2", NO_SUCCESS, state="Sta6")
def interleaved(pick: Pick) -> Steps:
    """Fragments of two messages in two presentation contexts, in turn."""
    half = parts.command(parts.find())
    other = pick.of([STORE_ID, ECHO_ID])
    return on_association(
        send(p_data(pdv(FIND_ID, 1, half), pdv(other, 3, ECHO_COMMAND)), p_data(pdv(FIND_ID, 3, "00*2")))
    )


@malformation("PS3.8 9.3.5", Expectation.SURVIVAL, state="Sta6")
def fragment_by_fragment(pick: Pick) -> Steps:
    """A command in fragments of two bytes and an odd last one, which the standard does not allow."""
    return on_association(
        send(f"{pick.of([1, 30])}*( {p_data(pdv(ECHO_ID, 1, '00 00'))} )", p_data(pdv(ECHO_ID, 3, "00")))
    )


@malformation("PS3.8 E.2", WAITING, state="Sta6")
def message_never_finished(pick: Pick) -> Steps:
    """A C-STORE whose data set stops in the middle; then the end of the stream, or nothing any more."""
    begun = send(parts.whole(STORE_ID, parts.store()), p_data(pdv(STORE_ID, 0, "00*2000")))
    return on_association(begun, *pick.of([[], [Step("finish")], [Step("reset")]]))


@malformation("PS3.8 9.3.1", state="Sta6")
def noise_on_association(pick: Pick) -> Steps:
    """Bytes that begin no PDU, on an association."""
    return on_association(send(pick.of(["00*6", "ff*64", '"GET / HTTP/1.1" 0d0a0d0a', "08 00 <4 00*4>", "80*100"])))
