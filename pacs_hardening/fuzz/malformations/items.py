"""Items and sub-items of the A-ASSOCIATE-RQ (PS3.8 9.3.2.1 to 9.3.2.3, PS3.7 D.3.3)."""

from __future__ import annotations

from ...wire.operations import SECONDARY_CAPTURE, VERIFICATION
from ...wire.pdu import APPLICATION_CONTEXT
from ..conversation import Expectation
from ..parts import (
    APPLICATION,
    CONTEXTS,
    IMPLEMENTATION,
    MAXIMUM,
    SYNTAX,
    context,
    item,
    rq,
    send,
    text,
    user,
)
from ..registry import Pick, Steps, malformation

LENIENCE, SURVIVAL = Expectation.LENIENCE, Expectation.SURVIVAL


def _with(contexts: str) -> Steps:
    return [send(rq(items=[APPLICATION, contexts, user()]))]


def _user(*more: str, **parts: str) -> Steps:
    return [send(rq(items=[APPLICATION, CONTEXTS, user(*more, **parts)]))]


@malformation("PS3.8 9.3.2.1", LENIENCE)
def application_context(pick: Pick) -> Steps:
    """An application context that is empty, private, too long, or no UID at all."""
    wrong = pick.of(["", '"1.2.3"', f"{text(APPLICATION_CONTEXT)} 00", '"1."', "2000*( 31 2e )", '"%s%s%s%n"', "ff*64"])
    return [send(rq(items=[item("10", wrong), CONTEXTS, user()]))]


@malformation("PS3.8 9.3.2")
def items_missing(pick: Pick) -> Steps:
    """A request without one of its three kinds of items (CVE class: a null pointer is followed)."""
    return [
        send(rq(items=pick.of([[], [APPLICATION], [CONTEXTS, user()], [APPLICATION, user()], [APPLICATION, CONTEXTS]])))
    ]


@malformation("PS3.8 9.3.2", LENIENCE)
def items_repeated(pick: Pick) -> Steps:
    """Items that must stand once stand twice or often (CVE-2021-41687 class: the first is leaked)."""
    many = pick.of([2, 3, 50])
    return [
        send(
            rq(
                items=pick.of(
                    [[f"{many}*( {APPLICATION} )", CONTEXTS, user()], [APPLICATION, CONTEXTS, *[user()] * many]]
                )
            )
        )
    ]


@malformation("PS3.8 9.3.2", LENIENCE)
def items_in_another_order(pick: Pick) -> Steps:
    """User information first, or the application context last."""
    return [
        send(
            rq(
                items=pick.of(
                    [[user(), CONTEXTS, APPLICATION], [CONTEXTS, APPLICATION, user()], [user(), APPLICATION, CONTEXTS]]
                )
            )
        )
    ]


@malformation("PS3.8 9.3.2", SURVIVAL)
def unknown_items(pick: Pick) -> Steps:
    """Items of types that do not exist, small and as large as can be."""
    strange = item(
        f"{pick.of([0, 0x11, 0x21, 0x22, 0x30, 0x40, 0x51, 0x60, 0xFF]):02x}", f"41*{pick.of([0, 1, 60000])}"
    )
    return [send(rq(items=[APPLICATION, CONTEXTS, strange, user()]))]


@malformation("PS3.8 9.3.2")
def item_length(pick: Pick) -> Steps:
    """The length of one item lies: too short, too long, beyond the PDU, FFFFH."""
    lie = pick.of(["=ffff", "=0", "+1", "-1", "+200", "=7fff", "=8000", "-4"])
    place = pick.of([0, 1, 2])
    changed = [APPLICATION, CONTEXTS, user()]
    changed[place] = changed[place].replace("<2 ", f"<2{lie} ", 1)
    return [send(rq(items=changed))]


@malformation("PS3.8 9.3.2.2")
def inner_length(pick: Pick) -> Steps:
    """The length of a sub-item lies, while that of its item is true: only one of the two can be believed."""
    lie = pick.of(["=ffff", "+1", "=0", "-1", "+40", "=8000"])
    where = pick.of(["30 00 <2 ", "40 00 <2 ", "51 00 <2 ", "52 00 <2 "])
    return [send(rq().replace(where, where.replace("<2 ", f"<2{lie} "), 1))]


@malformation("PS3.8 9.3.2.2")
def even_context_id(pick: Pick) -> Steps:
    """Presentation context IDs are odd; 0 and even ones are not."""
    return _with(f"{context(pick.of([0, 2, 4, 128, 254]), VERIFICATION)}")


@malformation("PS3.8 9.3.2.2")
def repeated_context_id(pick: Pick) -> Steps:
    """One ID for two different services: which of them is meant later?"""
    number = pick.of([1, 3, 255])
    return _with(f"{context(number, VERIFICATION)} {pick.of([1, 2, 126])}*( {context(number, SECONDARY_CAPTURE)} )")


@malformation("PS3.8 9.3.2.2")
def too_many_contexts(pick: Pick) -> Steps:
    """More presentation contexts than there are odd numbers in a byte (CVE class: an array of 128 overflows)."""
    return _with(" ".join(context((2 * n + 1) % 256, VERIFICATION) for n in range(pick.of([129, 200, 256, 1000]))))


@malformation("PS3.8 9.3.2.2")
def context_without_syntax(pick: Pick) -> Steps:
    """A presentation context without abstract syntax, without transfer syntax, with two abstract ones, or empty."""
    abstract = item("30", text(VERIFICATION))
    inner = pick.of(
        [abstract, SYNTAX, "", f"{abstract} {abstract} {SYNTAX}", f"{SYNTAX} {abstract}", item("30", "") + " " + SYNTAX]
    )
    return _with(item("20", f"01 00*3 {inner}"))


@malformation("PS3.8 9.3.2.2")
def context_cut_off(pick: Pick) -> Steps:
    """A presentation context shorter than its own four bytes."""
    return _with(item("20", f"01*{pick.of([0, 1, 2, 3])}") + " " + CONTEXTS)


@malformation("PS3.8 9.3.2.2", SURVIVAL)
def thousands_of_transfer_syntaxes(pick: Pick) -> Steps:
    """One presentation context with as many transfer syntaxes as fit."""
    return _with(item("20", f"01 00*3 {item('30', text(VERIFICATION))} {pick.of([100, 1000, 2700])}*( {SYNTAX} )"))


@malformation("PS3.8 9.3.2.2", LENIENCE)
def syntax_that_is_no_uid(pick: Pick) -> Steps:
    """Abstract or transfer syntaxes that are empty, padded, long, or full of format directives."""
    wrong = pick.of(['"1..2"', '"01.2"', "31*65", "31*60000", '"%s%n%x"', "ff*20", '"../../../etc/passwd"', ""])
    where = pick.of(["30", "40"])
    inner = (
        f"{item('30', wrong)} {SYNTAX}" if where == "30" else f"{item('30', text(VERIFICATION))} {item('40', wrong)}"
    )
    return _with(item("20", f"01 00*3 {inner}"))


@malformation("PS3.8 D.1", LENIENCE)
def maximum_length(pick: Pick) -> Steps:
    """A maximum length of 1 to 6 holds no fragment, and 51H of another size is none (CVE class: a division by zero, an
    endless loop of empty fragments)."""
    value = pick.of(["00 00 00 01", "00 00 00 06", "00 00 00 02", "", "00", "00 00 40", "00 00 40 00 00", "00*200"])
    return _user(maximum=item("51", value))


@malformation("PS3.7 D.3.3.2", LENIENCE)
def implementation_identification(pick: Pick) -> Steps:
    """Implementation class UID missing, empty or no UID; a version name of 0 or of thousands of bytes."""
    name = item("55", pick.of(["", "41*17", "41*60000", "25*17"]))
    wrong = pick.of(["", item("52", ""), item("52", "41*64"), item("52", "31*30000"), f"{IMPLEMENTATION} {name}"])
    return _user(implementation=wrong)


@malformation("PS3.7 D.3.3.3", LENIENCE)
def asynchronous_window(pick: Pick) -> Steps:
    """An asynchronous operations window of a wrong size, or twice."""
    window = item("53", "00 01 00 01")
    return _user(
        pick.of([item("53", ""), item("53", "ff"), item("53", "ff*3"), item("53", "00*64"), f"{window} {window}"])
    )


@malformation("PS3.7 D.3.3.4", LENIENCE)
def role_selection(pick: Pick) -> Steps:
    """Role selection whose inner length lies, without roles, with roles beyond 1, or without UID."""
    uid = text(SECONDARY_CAPTURE)
    inner = pick.of(
        [
            f"<2=ffff {uid}> 01 01",
            f"<2+5 {uid}> 00 01",
            f"<2 {uid}>",
            f"<2 {uid}> 02 ff",
            "<2 > 01 01",
            "",
            f"<2 {uid}> 00 00",
        ]
    )
    return _user(item("54", inner))


@malformation("PS3.7 D.3.3.5", LENIENCE)
def extended_negotiation(pick: Pick) -> Steps:
    """Extended negotiation (56H, 57H) whose inner length lies, or that holds no UID."""
    uid = text(SECONDARY_CAPTURE)
    inner = pick.of([f"<2=ffff {uid}>", f"<2+9 {uid}> 01", "<2 >", "", "ff", "<2 41*50000> 01"])
    return _user(item(pick.of(["56", "57"]), inner))


@malformation("PS3.7 D.3.3.7")
def user_identity(pick: Pick) -> Steps:
    """User identity with lengths that lie, types that do not exist, or twice (CVE-2025-2357 class: reading beyond
    it)."""
    name = '"TEST"'
    inner = pick.of(
        [
            f"02 01 <2=ffff {name}> <2 {name}>",
            f"02 01 <2+1 {name}> <2 {name}>",
            f"02 01 <2 {name}> <2=ffff {name}>",
            f"02 01 <2 {name}>",
            "02",
            "",
            f"00 01 <2 {name}> <2 >",
            f"ff 01 <2 {name}> <2 >",
            f"01 01 <2 {name}> <2 {name}> 41*1000",
            "05 01 <2 > <2 >",
        ]
    )
    return _user(identity=item("58", inner) + pick.of([" ", " {identity}"]))


@malformation("PS3.7 D.3.3", SURVIVAL)
def unknown_sub_items(pick: Pick) -> Steps:
    """Sub-items of user information that do not exist, or that stand there often."""
    return _user(
        pick.of(
            [item("5f", "41*4"), item("00", ""), f"100*( {MAXIMUM} )", item("ff", "ff*60000"), item("59", "<2 41>")]
        )
    )
