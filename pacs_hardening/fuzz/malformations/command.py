"""Command sets (PS3.7 6.3, 9.3 and E.1) on an association that is in order."""

from __future__ import annotations

from ...wire import dimse
from ...wire.operations import SECONDARY_CAPTURE
from ..conversation import Expectation
from ..parts import (
    ECHO,
    ECHO_ID,
    FIND_ID,
    FIND_RQ,
    STORE_ID,
    command,
    echo,
    element,
    find,
    identifier,
    on_association,
    p_data,
    padded,
    payload,
    pdv,
    send,
    store,
    text,
    us,
    whole,
)
from ..registry import Pick, Steps, malformation

NO_SUCCESS, SURVIVAL, WAITING = Expectation.NO_SUCCESS, Expectation.SURVIVAL, Expectation.WAITING
KNOWN = (0x0001, 0x0010, 0x0020, 0x0021, 0x0030, 0x0FFF, 0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150)


def _asks(*elements: str, lie: str = "", length: str = "") -> Steps:
    return on_association(send(p_data(pdv(ECHO_ID, 3, command(elements, lie, length)))))


@malformation("PS3.7 E.1", SURVIVAL, state="Sta6")
def group_length(pick: Pick) -> Steps:
    """A command group length that is wrong or missing. Receivers that interoperate ignore it; none may trust it."""
    lie = pick.of(["=0", "=ffffffff", "+8", "-8", "=7fffffff", "+10000"])
    return _asks(*echo(), lie=lie) if pick.of([True, True, False]) else _asks(*echo(), length=" ")


@malformation("PS3.7 E.1", SURVIVAL, state="Sta6")
def element_missing(pick: Pick) -> Steps:
    """A command without one of its elements (CVE-2022-2121, CVE-2024-34509 class: a null pointer is followed)."""
    base, context = pick.of([(echo(), ECHO_ID), (find(), FIND_ID), (store(), STORE_ID)])
    left_out = pick.number(0, len(base) - 1)
    return on_association(send(whole(context, [each for at, each in enumerate(base) if at != left_out])))


@malformation("PS3.7 6.3.1", SURVIVAL, state="Sta6")
def element_repeated(pick: Pick) -> Steps:
    """One element of a command twice, with another value (CVE class: the first is freed twice)."""
    base = echo()
    twice = pick.number(0, len(base) - 1)
    return _asks(*base[: twice + 1], *[base[twice]] * pick.of([1, 2, 500]), *base[twice + 1 :])


@malformation("PS3.7 6.3.1", SURVIVAL, state="Sta6")
def elements_in_another_order(pick: Pick) -> Steps:
    """Elements of a command backwards or turned round."""
    base = echo()
    return _asks(*pick.of([base[::-1], base[2:] + base[:2], base[1:] + base[:1]]))


@malformation("PS3.7 6.3.1", SURVIVAL, state="Sta6")
def element_length(pick: Pick) -> Steps:
    """An element of a command whose length lies."""
    base = echo()
    at = pick.number(0, len(base) - 1)
    base[at] = base[at].replace(
        "<4L ", f"<4L{pick.of(['=ffffffff', '=0', '+1', '-1', '+400', '=fffffffe', '=80000000'])} "
    )
    return _asks(*base)


@malformation("PS3.7 E.1", SURVIVAL, state="Sta6")
def wrong_value(pick: Pick) -> Steps:
    """Values of another type or size: no bytes, one, four, thousands where a number of two bytes is due."""
    value = pick.of(["", "01", "01 00 00 00", "41*4000", "ff*2000"])
    at = pick.of([0x100, 0x110, 0x800])
    base = [each for each in echo() if not each.startswith("0000 " + at.to_bytes(2, "little").hex())]
    return _asks(*base, element(at, value))


@malformation("PS3.7 E.1", SURVIVAL, state="Sta6")
def unknown_command(pick: Pick) -> Steps:
    """A command field that no service has."""
    return _asks(*echo(field=us(pick.of([0x0000, 0x0002, 0x0031, 0x0FFE, 0x7FFF, 0xFFFF, 0x0160, 0x4000]))))


@malformation("PS3.7 9.3", SURVIVAL, state="Sta6")
def response_instead_of_request(pick: Pick) -> Steps:
    """A response that nobody asked for."""
    field = us(dimse.RESPONSE | pick.of([0x0030, 0x0020, 0x0001, 0x0010, 0x0021]))
    return _asks(*echo(field=field), element(0x900, us(pick.of([0, 0xFF00, 0xFE00]))))


@malformation("PS3.7 9.3", SURVIVAL, state="Sta6")
def service_of_another_class(pick: Pick) -> Steps:
    """A SOP class in the command that is not that of the presentation context: whose permission holds?"""
    return _asks(
        *echo(
            uid=pick.of([padded(SECONDARY_CAPTURE), padded("1.2.840.10008.5.1.4.1.2.2.1"), text("1..2"), "", "25*64"])
        )
    )


@malformation("PS3.7 9.3", SURVIVAL, state="Sta6")
def data_set_announced(pick: Pick) -> Steps:
    """A C-ECHO that announces a data set, and sends one or none."""
    asked = whole(ECHO_ID, echo(kind=us(pick.of([0, 1, 0x0100, 0xFFFF]))))
    return on_association(send(asked, pick.of(["", payload(ECHO_ID, "41*32"), ECHO])))


@malformation("PS3.7 9.3", SURVIVAL, state="Sta6")
def data_set_not_announced(pick: Pick) -> Steps:
    """A C-FIND that announces no data set, and sends one."""
    base = [*find()[:-1], element(0x800, us(0x0101))]
    return on_association(send(whole(FIND_ID, base), payload(FIND_ID, identifier())))


@malformation("PS3.7 6.3.1", SURVIVAL, state="Sta6")
def data_set_in_the_command(pick: Pick) -> Steps:
    """Elements of a data set within a command set, and elements of other groups before it."""
    foreign = element(0x10, '"TEST"', group=pick.of([0x0010, 0x0002, 0xFFFE, 0x7FE0, 0x0009]))
    return _asks(*pick.of([[*echo(), foreign], [foreign, *echo()], [*echo()[:2], foreign, *echo()[2:]]]))


@malformation("PS3.7 9.3", SURVIVAL, state="Sta6")
def commands_out_of_place(pick: Pick) -> Steps:
    """Every known command in the presentation context of C-ECHO."""
    return _asks(*echo(field=us(pick.of([each for each in KNOWN if each != dimse.C_ECHO]))))


@malformation("PS3.7 9.3.2.3", SURVIVAL, state="Sta6")
def cancel_of_nothing(pick: Pick) -> Steps:
    """C-CANCEL for a message that does not exist, many times."""
    cancel = whole(
        pick.of([ECHO_ID, FIND_ID]), [element(0x100, us(0x0FFF)), element(0x800, us(0x0101)), element(0x120, us(9))]
    )
    return on_association(send(f"{pick.of([1, 3, 200])}*( {cancel} )"))


@malformation("PS3.7 9.3", SURVIVAL, state="Sta6")
def next_request_instead_of_data(pick: Pick) -> Steps:
    """A C-FIND whose data set never comes: the next command comes instead."""
    return on_association(send(FIND_RQ, pick.of([ECHO, FIND_RQ, f"3*( {FIND_RQ} )"])))


@malformation("PS3.7 6.3.1", SURVIVAL, state="Sta6")
def large_command(pick: Pick) -> Steps:
    """A command set of many kilobytes, in many fragments."""
    filler = element(0x0600, "41*15000")
    begun = command([*echo(), f"{pick.of([1, 8])}*( {filler} )"])
    return on_association(
        send(p_data(pdv(ECHO_ID, 1, "00*12000")), p_data(pdv(ECHO_ID, 3, "00*12")))
        if not begun
        else send(f"{pick.of([1, 20])}*( {p_data(pdv(ECHO_ID, 1, filler))} )", p_data(pdv(ECHO_ID, 3, "00*8")))
    )


@malformation("PS3.7 9.3.1", NO_SUCCESS, state="Sta6")
def store_under_a_path(pick: Pick) -> Steps:
    """A C-STORE whose instance UID is a path, a shell command or nothing (CVE-2022-2119, CVE-2026-5663 class)."""
    name = pick.of(['"../../../../tmp/x"', '"; touch /tmp/x"', '"$(id)"', "", "00*64", '"1..2"', "31*4000", '"%n%n%s"'])
    elements = [*store()[:-1], element(0x1000, name)]
    return on_association(send(whole(STORE_ID, elements), payload(STORE_ID, element(0x0060, '"OT"', group=8))))
