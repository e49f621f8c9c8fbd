"""Valid parts of a conversation, as recipes (fuzz/recipe.py); a malformation replaces one of them by something else."""

from __future__ import annotations

from collections.abc import Iterable

from ..wire import dimse, operations
from ..wire.implementations import ours
from ..wire.operations import FIND, SECONDARY_CAPTURE, VERIFICATION
from ..wire.pdu import APPLICATION_CONTEXT, IMPLICIT_LE
from .conversation import Step
from .recipe import literal

ECHO_ID, FIND_ID, STORE_ID, REFUSED_ID = 1, 3, 5, 7
PRIVATE = "2.25.273149610874233891674093217469117083149"  # nobody accepts it: its context is there and refused
STUDY_FIND = FIND["STUDY"]
ACCEPTED = {ECHO_ID: VERIFICATION.encode(), FIND_ID: STUDY_FIND.encode(), STORE_ID: SECONDARY_CAPTURE.encode()}
ABORT = "07 00 <4 00 00 00 00>"
RELEASE = "05 00 <4 00*4>"


def text(value: str | bytes) -> str:
    return f'"{value if isinstance(value, str) else value.decode("ascii")}"'


def item(kind: str, inner: str, lie: str = "") -> str:
    """A variable item or sub-item; ``lie`` bends its length (``+3``, ``-3``, ``=ffff``)."""
    return f"{kind} 00 <2{lie} {inner}>"


APPLICATION = item("10", text(APPLICATION_CONTEXT))
MAXIMUM = item("51", "00 00 40 00")
IMPLEMENTATION = item("52", text(ours().uid.encode()))
SYNTAX = item("40", text(IMPLICIT_LE))


def context(number: int, abstract: str, *transfers: str) -> str:
    inner = item("30", text(abstract)) + " " + (" ".join(transfers) or SYNTAX)
    return item("20", f"{number:02x} 00*3 {inner}")


CONTEXTS = " ".join(
    context(number, uid)
    for number, uid in ((ECHO_ID, VERIFICATION), (FIND_ID, STUDY_FIND), (STORE_ID, SECONDARY_CAPTURE), (7, PRIVATE))
)


def user(*more: str, maximum: str = MAXIMUM, implementation: str = IMPLEMENTATION, identity: str = "{identity}") -> str:
    """User information; ``more`` stands between implementation and identity."""
    return item("50", " ".join([maximum, implementation, *more, identity]))


def rq(
    *,
    kind: str = "01",
    lie: str = "",
    version: str = "00 01",
    called: str = "{called}",
    calling: str = "{calling}",
    items: Iterable[str] = (APPLICATION, CONTEXTS, user()),
) -> str:
    """An A-ASSOCIATE-RQ (PS3.8 9.3.2), valid as it stands."""
    return f"{kind} 00 <4{lie} {version} 00 00 {called} {calling} 00*32 {' '.join(items)}>"


REQUEST = rq()


def pdv(number: int, control: int, inner: str, lie: str = "") -> str:
    return f"<4{lie} {number:02x} {control:02x} {inner}>"


def p_data(*fragments: str, lie: str = "") -> str:
    return f"04 00 <4{lie} {' '.join(fragments)}>"


def element(number: int, inner: str, *, group: int = 0, lie: str = "") -> str:
    """An element of a command set, or of a data set in Implicit VR Little Endian."""
    return f"{group.to_bytes(2, 'little').hex()} {number.to_bytes(2, 'little').hex()} <4L{lie} {inner}>"


def us(value: int) -> str:
    return value.to_bytes(2, "little").hex()


def padded(uid: str) -> str:
    return text(uid) + (" 00" if len(uid) % 2 else "")


def command(elements: Iterable[str], lie: str = "", length: str = "") -> str:
    """A command set with its group length, which ``lie`` bends or ``length`` replaces."""
    group_length = length or f"00 00 00 00 04 00 00 00 <4L{lie} "
    return f"{group_length}{' '.join(elements)}{'' if length else '>'}"


def echo(*, field: str = us(dimse.C_ECHO), uid: str = padded(VERIFICATION), kind: str = us(0x0101)) -> list[str]:
    return [element(2, uid), element(0x100, field), element(0x110, us(1)), element(0x800, kind)]


def find() -> list[str]:
    return [element(2, padded(STUDY_FIND)), element(0x100, us(0x20)), element(0x110, us(1)), *announced()]


def announced() -> list[str]:
    return [element(0x700, us(0)), element(0x800, us(0))]


def store(instance: str = "2.25.1") -> list[str]:
    head = [element(2, padded(SECONDARY_CAPTURE)), element(0x100, us(1)), element(0x110, us(1)), *announced()]
    return [*head, element(0x1000, padded(instance))]


def whole(number: int, elements: Iterable[str]) -> str:
    """A command in one PDV."""
    return p_data(pdv(number, 3, command(elements)))


def payload(number: int, inner: str) -> str:
    """A data set in one PDV."""
    return p_data(pdv(number, 2, inner))


def identifier() -> str:
    """A C-FIND identifier that matches nothing."""
    return literal(operations.find("STUDY", {"StudyInstanceUID": "2.25.1"}).payload or b"")


ECHO = whole(ECHO_ID, echo())
FIND_RQ = whole(FIND_ID, find())


def on_association(*steps: Step) -> list[Step]:
    """The same, after a valid association with the contexts above."""
    return [Step("associate", REQUEST), *steps]


def send(*recipes: str) -> Step:
    return Step("send", " ".join(recipes))


def stalled_request() -> Step:
    """The first 94 bytes of a request, its fixed part among them."""
    return send("01 00 000000fa 00 01 00 00 {called} {calling} 00*32 10 00 00 15", text(APPLICATION_CONTEXT[:16]))


def stalled_store() -> list[Step]:
    """Half of an object that is stored."""
    begun = [
        whole(STORE_ID, store()),
        p_data(pdv(STORE_ID, 0, "00*2000")),
        f"04 00 00001f40 00001f3c {STORE_ID:02x} 00 00*2000",
    ]
    return on_association(send(*begun))
