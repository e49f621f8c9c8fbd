"""Data sets (PS3.5 7) that are stored or queried with: the commands before them are in order."""

from __future__ import annotations

from ...wire.operations import SECONDARY_CAPTURE
from ..conversation import Expectation, Step
from ..parts import (
    FIND_ID,
    FIND_RQ,
    STORE_ID,
    element,
    on_association,
    p_data,
    padded,
    payload,
    pdv,
    send,
    store,
    text,
    whole,
)
from ..registry import Pick, Steps, malformation

SURVIVAL = Expectation.SURVIVAL
ITEM, ITEM_END, SEQUENCE_END = "feff00e0", "feff0de0 00*4", "feffdde0 00*4"
UNDEFINED = "ff*4"
SEQUENCE = "08001511"  # (0008,1115) Referenced Series Sequence


def _object(*elements: str) -> str:
    head = [element(0x16, padded(SECONDARY_CAPTURE), group=8), element(0x18, padded("2.25.1"), group=8)]
    return " ".join([*head, *elements])


def _store(inner: str) -> Steps:
    return on_association(send(whole(STORE_ID, store()), payload(STORE_ID, inner)))


def _find(inner: str) -> Steps:
    return on_association(send(FIND_RQ, payload(FIND_ID, inner)))


def _either(pick: Pick, inner: str) -> Steps:
    """In an object, or in a query that nothing matches, should it be read at all."""
    nothing = element(0x50, text("TEST-NOBODY "), group=8) + " " + element(0x52, text("STUDY") + " 20", group=8)
    return pick.of([_store(_object(inner)), _find(f"{nothing} {inner}")])


def _in_fragments(unit: str, times: int, per: int = 500) -> str:
    """``unit`` so many times, ``per`` of them in each PDU, none of which is the last of its data set."""
    full, rest = divmod(times, per)
    pieces = [f"{full}*( {p_data(pdv(STORE_ID, 0, f'{per}*( {unit} )'))} )"] if full else []
    return " ".join([*pieces, *([p_data(pdv(STORE_ID, 0, f"{rest}*( {unit} )"))] if rest else [])])


def _last(inner: str) -> str:
    return p_data(pdv(STORE_ID, 2, inner))


@malformation("PS3.5 7.1", SURVIVAL, state="Sta6")
def element_length(pick: Pick) -> Steps:
    """An element that says more, or less, than there is (CVE-2026-5437 class: reading behind the end)."""
    lie = pick.of(["=ffffffff", "=fffffffe", "=7ffffffe", "=80000000", "+2", "+1000", "-2", "+1", "=0"])
    return _either(pick, element(0x10, '"TEST^LENGTH"' + " 20", group=0x10, lie=lie))


@malformation("PS3.5 7.5", SURVIVAL, state="Sta6")
def nested(pick: Pick) -> Steps:
    """Sequences within sequences, 40 to 10,000 deep (CVE-2026-10528 class: the stack overflows)."""
    depth = pick.of([40, 500, 1_000, 10_000])
    opened = _in_fragments(f"{SEQUENCE} {UNDEFINED} {ITEM} {UNDEFINED}", depth)
    closed = _in_fragments(f"{ITEM_END} {SEQUENCE_END}", depth - 1)
    asked = whole(STORE_ID, store())
    return on_association(send(asked, opened, closed, _last(f"{ITEM_END} {SEQUENCE_END}")), Step("receive"))


@malformation("PS3.5 7.5", SURVIVAL, state="Sta6")
def never_closed(pick: Pick) -> Steps:
    """A sequence or item of undefined length, without its end."""
    return _either(
        pick,
        pick.of(
            [
                f"{SEQUENCE} {UNDEFINED}",
                f"{SEQUENCE} {UNDEFINED} {ITEM} {UNDEFINED}",
                f"{SEQUENCE} 08000000 {ITEM} {UNDEFINED}",
            ]
        ),
    )


@malformation("PS3.5 7.5", SURVIVAL, state="Sta6")
def delimiters_out_of_place(pick: Pick) -> Steps:
    """Delimiters that close nothing, carry a length, or stand in place of an item."""
    return _either(
        pick,
        pick.of(
            [
                ITEM_END,
                SEQUENCE_END,
                f"{ITEM} 00*4",
                f"{SEQUENCE} {UNDEFINED} {ITEM_END} {SEQUENCE_END}",
                f"{SEQUENCE} {UNDEFINED} feffdde0 ff*4",
                f"1000*( {SEQUENCE_END} )",
            ]
        ),
    )


@malformation("PS3.5 7.5", SURVIVAL, state="Sta6")
def item_length(pick: Pick) -> Steps:
    """An item that is longer or shorter than its sequence."""
    inner = element(0x1150, padded(SECONDARY_CAPTURE), group=8)
    return _either(
        pick, f"{SEQUENCE} <4L {ITEM} <4L{pick.of(['+8', '-4', '=ffffffff', '=fffffffe', '=0', '+2'])} {inner}>>"
    )


@malformation("PS3.5 7.1", SURVIVAL, state="Sta6")
def out_of_order(pick: Pick) -> Steps:
    """Elements backwards, repeated, or of groups that no data set has (libdicom #82 class: freed twice)."""
    name, modality = element(0x10, '"TEST"', group=0x10), element(0x60, '"OT"', group=8)
    foreign = element(0x10, "00*4", group=pick.of([0x0000, 0x0002, 0xFFFF, 0x0001]))
    return _either(
        pick, pick.of([f"{name} {modality}", f"{name} {name}", f"100*( {name} )", foreign, f"{name} {foreign}"])
    )


@malformation("PS3.5 7.1", SURVIVAL, state="Sta6")
def many_elements(pick: Pick) -> Steps:
    """Thousands of elements without a value, and thousands of empty items."""
    count, asked = pick.of([200, 1000, 50_000]), whole(STORE_ID, store())
    repeated = [_in_fragments(element(0x10, "", group=0x10), count), _last(element(0x20, "", group=0x10))]
    emptied = [_in_fragments(f"{SEQUENCE} {UNDEFINED}", 1), _in_fragments(f"{ITEM} 00*4", count), _last(f"{ITEM} 00*4")]
    return on_association(send(asked, *pick.of([repeated, emptied])), Step("receive"))


@malformation("PS3.5 A", SURVIVAL, state="Sta6")
def another_transfer_syntax(pick: Pick) -> Steps:
    """Explicit VR, Big Endian or deflated bytes where Implicit VR Little Endian was agreed on."""
    bomb = "ed c1 01 01 00 00 00 80 90 fe af ee 08 0a 00*200"  # the beginning of a deflate stream of zeros
    return _store(
        pick.of(
            [
                '0800 6000 "CS" 0200 "OT"',
                '0008 0060 00000002 "OT"',
                bomb,
                '0800 6000 "UN" 0000 ffffffff',
                '0800 6000 "ZZ" 0200 "OT"',
            ]
        )
    )


@malformation("PS3.5 7.1", SURVIVAL, state="Sta6")
def cut_off(pick: Pick) -> Steps:
    """A data set that ends in the middle of an element."""
    return _store(_object(pick.of(["1000", "10001000", "10001000 0400", '10001000 08000000 "TEST"'])))


@malformation("PS3.3 C.7.6.3", SURVIVAL, state="Sta6")
def pixel_data(pick: Pick) -> Steps:
    """An image whose rows and columns promise gigabytes, and that holds four bytes of them, in a length that lies."""
    size = pick.of(["ffff", "0000", "ffff", "0080"])
    matrix = (
        element(0x10, size, group=0x28)
        + " "
        + element(0x11, size, group=0x28)
        + " "
        + element(0x100, pick.of(["1000", "2000", "0000", "ffff"]), group=0x28)
    )
    return _store(
        _object(matrix, element(0x10, '"TEST"', group=0x7FE0, lie=pick.of(["+4", "=fffffffe", "-2", "=ffffffff"])))
    )


@malformation("PS3.5 6.2", SURVIVAL, state="Sta6")
def long_values(pick: Pick) -> Steps:
    """Names, dates and UIDs of 15,000 characters, and of format directives or paths."""
    value = pick.of(["41*15000", "5e*15000", "5c*15000", "4000*( 25 6e )", "4000*( 2e 2e 2f )", "ff*15000", "00*15000"])
    tag = pick.of([(0x10, 0x10), (0x10, 0x20), (0x8, 0x20), (0x20, 0xD), (0x8, 0x5)])
    return _either(pick, element(tag[1], value, group=tag[0]))


@malformation("PS3.5 6.1", SURVIVAL, state="Sta6")
def characters(pick: Pick) -> Steps:
    """Character sets that do not exist, and escape sequences that end within themselves."""
    charset = element(
        5, pick.of(['"ISO 2022 IR 87"', '"ISO_IR 999" ', '"\\\\\\\\"', '"GB18030 "', '"../../x "']), group=8
    )
    return _store(
        f"{charset} {_object(element(0x10, pick.of(['1b 24 42 1b', '1b*200', 'f0 9f 98 ff', 'c0 80']), group=0x10))}"
    )


@malformation("PS3.4 C.4.1", SURVIVAL, state="Sta6")
def query(pick: Pick) -> Steps:
    """A query without level, with a level that does not exist, or with nothing in it."""
    return _find(
        pick.of(
            [
                "",
                element(0x52, '"PLANET"', group=8),
                element(0x52, "2a*14000", group=8),
                element(0x52, "", group=8),
                "00*8",
                "ff*64",
            ]
        )
    )
