"""The dimensions of what a peer asks for: services, levels, keys, contexts, and which message of which conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..model import Impact, Target
from ..wire import operations, pace, pdu
from . import services
from .bid import Bid
from .dimension import Dimension, Layer, Value

_CT, _MR, _US, _CR, _PDF = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.104.1",
)
# Classes of makers, from their conformance statements and toolkits: stored objects that no archive has to know.
_PRIVATE = {
    "PrivateDcmtk": "1.2.276.0.7230010.3.4.1915765545.18030.917282194.0", "PrivateGe": "1.2.840.113619.4.26",
    "PrivateSiemensCsa": "1.3.12.2.1107.5.9.1", "PrivatePhilips": "1.3.46.670589.11.0.0.12.1", "PrivateUuid": "2.25.1",
}  # fmt: skip
_SYNTAXES = tuple(
    f"1.2.840.10008.1.2.{each}"
    for each in (
        "1",
        "2",
        "1.99",
        "5",
        "4.50",
        "4.51",
        "4.57",
        "4.70",
        "4.80",
        "4.81",
        "4.90",
        "4.91",
        "4.100",
        "4.102",
    )
)
_OTHERS = (  # what else may go before: permitted or not, it is answered, and may change what is asked next
    ("find", services.FIND, Impact.PASSIVE),
    ("worklist", services.named("C-FIND", operations.FIND["WORKLIST"]), Impact.PASSIVE),
    ("get", services.GET, Impact.PASSIVE),
    ("commitment", services.named("N-ACTION", "1.2.840.10008.1.20.1"), Impact.ACTIVE),
    ("store", services.named("C-STORE", operations.SECONDARY_CAPTURE), Impact.WRITES),
)
_TOGETHER, _OF_THE_BASE = 100, 5  # contexts: an association has at most 128, and some are those of the base


def _asking(*names: str) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, requests=names)


def _batches(
    values: Iterable[Value[Bid]], join: Callable[..., Callable[[Bid], Bid]], what: str, *, mixes: bool = False
) -> list[Value[Bid]]:
    """So many values at once in one conversation: what refuses the conversation refuses each of them."""
    found, rest = [], list(values)
    together = max(1, min(_TOGETHER, pace.contexts() - _OF_THE_BASE))
    for impact in sorted({value.impact for value in rest}):
        alike = [value.name for value in rest if value.impact == impact]
        for start in range(0, len(alike), together):
            names = tuple(alike[start : start + together])
            label = f"{what} {impact.name.lower()} {start // together + 1}"
            found.append(Value(label, join(*names), 9, impact, mixes=mixes, parts=names))
    return found


def request(
    of: tuple[str, ...] = ("C-FIND", "C-GET", "C-MOVE", "N-GET", "N-SET", "N-ACTION", "N-CREATE"),
) -> Dimension[Bid]:
    """Each request of PS3.6 in place of the base's, and all of them on one association."""
    each = [
        Value(found.name, _asking(found.name), weight=found.weight, impact=found.impact, mixes=False)
        for found in services.TABLE.values()
        if found.service in of
    ]
    return Dimension("request", (*_batches(each, _asking, "all"), *each), Layer.ASSOCIATION)


def further(but: tuple[str, ...] = ()) -> Dimension[Bid]:
    """A query or retrieval after those of the base, of another class (that begins with none of ``but``)."""

    def after(name: str) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, requests=(*bid.requests, name))

    each = [
        Value(found.name, after(found.name), weight=3 if found.weight > 2 else 1)
        for found in services.TABLE.values()
        if found.service in ("C-FIND", "C-GET", "C-MOVE") and not found.sop_class.startswith(but)
    ]
    return Dimension("further-request", tuple(each), Layer.ASSOCIATION, often=0.5)


def stored() -> Dimension[Bid]:
    """C-STORE of a synthetic object of each storage class."""
    weights = {_CT: 8.0, _MR: 6.0, _US: 6.0, _CR: 6.0, _PDF: 6.0}
    each = [
        Value(
            services.keyword(uid),
            _asking(services.named("C-STORE", uid)),
            weight=weights.get(uid, 1),
            impact=Impact.WRITES,
        )
        for uid in services.storage_classes()
        if services.named("C-STORE", uid) in services.TABLE
    ]

    def all_of(*names: str) -> Callable[[Bid], Bid]:
        return _asking(*(f"C-STORE {name}" for name in names))

    return Dimension("object", (*_batches(each, all_of, "all"), *each), Layer.ASSOCIATION, often=0.5)


def _manner(**changed: object) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, manner=replace(bid.manner, **changed))  # type: ignore[arg-type]


def level() -> Dimension[Bid]:
    """Of an odd one a refusal says nothing."""
    names = {"PATIENT": 4.0, "SERIES": 4.0, "IMAGE": 4.0, "": 2.0, "study": 1.0, "X-NOBODY": 1.0}
    mixing = ("SERIES", "IMAGE")  # there is no PATIENT in the Study Root
    values = tuple(Value(n or "none", _manner(level=n), w, mixes=n in mixing) for n, w in names.items())
    return Dimension("level", values, often=0.5)


def keys() -> Dimension[Bid]:
    """What would match something is *active*: it is kept from the archives of others. Further keys beside a unique key
    that matches nothing match nothing, whatever their kind."""
    active = {"universal": 4.0, "wildcard": 3.0, "range": 2.0, "empty": 3.0, "sample": 3.0}
    return Dimension(
        "keys",
        (
            *(Value(name, _manner(keys=name), weight, Impact.ACTIVE) for name, weight in active.items()),
            Value("list", _manner(keys="list"), 2),
            *(Value(name, _manner(besides=each)) for name, each in services.BESIDES.items()),
        ),
    )


def character_set() -> Dimension[Bid]:
    sets = ("ISO_IR 100", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 87")
    return Dimension("character-set", tuple(Value(n.strip("\\"), _manner(character_set=n)) for n in sets), often=0.3)


def command() -> list[Dimension[Bid]]:
    priorities = {"high": 1, "low": 2, "reserved": 0x7FFF}
    numbers = {"0": 0, "2": 2, "7": 7, "256": 256, "65535": 65535}
    return [
        Dimension("priority", tuple(Value(k, _manner(priority=n), mixes=n < 3) for k, n in priorities.items())),
        Dimension("message-id", tuple(Value(name, _manner(message_id=n)) for name, n in numbers.items())),
    ]


def originator(target: Target) -> Dimension[Bid]:
    """Of a C-STORE, on behalf of whom it is sent: as a sub-operation of a C-MOVE (PS3.7 9.1.1.1)."""
    titles = {node.aet: 4.0 for node in target.nodes.values()}
    titles |= {target.called_aet: 4.0, target.move_destination or "": 3.0, "ROUTER": 1.0, "X-NOBODY": 2.0}
    values = tuple(Value(title, _manner(originator=title), weight) for title, weight in titles.items() if title)
    return Dimension("move-originator", values, often=0.5)


def _offering(*classes: str) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, storage=classes)


def storage() -> Dimension[Bid]:
    """Which storage classes are offered beside the request, as for C-GET; none where there is no room for any."""
    weights = {_CT: 8.0, _MR: 5.0, _US: 5.0, _CR: 5.0, _PDF: 4.0}
    classes = {services.keyword(uid): uid for uid in services.storage_classes()} | _PRIVATE
    each = [
        Value(word, _offering(uid), weight=weights.get(uid, 0.5))
        for word, uid in classes.items()
        if uid != operations.SECONDARY_CAPTURE
    ]

    def all_of(*names: str) -> Callable[[Bid], Bid]:
        return _offering(*(classes[name] for name in names))

    none: Value[Bid] = Value("none", _offering(), weight=3)
    every = [*_batches(each, all_of, "all", mixes=True), *each] if pace.contexts() > 1 else []
    return Dimension("storage-contexts", (none, *every), Layer.ASSOCIATION, often=0.7)


def contexts() -> list[Dimension[Bid]]:
    """Roles, transfer syntaxes, numbers and order of presentation contexts (PS3.8 9.3.2.2, PS3.7 D.3.3.4)."""

    def with_roles(*roles: bool) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, roles=(roles[0], roles[1]) if roles else None)

    def in_syntax(*uids: str) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, transfers=uids)

    return [
        Dimension(
            "storage-role",
            (
                Value("not-negotiated", with_roles(), weight=3),
                Value("scu", with_roles(True, False), weight=2),
                Value("both", with_roles(True, True), weight=2),
                Value("neither", with_roles(False, False)),
            ),
            Layer.ASSOCIATION,
        ),
        Dimension(
            "transfer-syntax",
            (
                Value("explicit-little-endian", in_syntax(pdu.EXPLICIT_LE), weight=3),
                Value("both-little-endian", in_syntax(pdu.EXPLICIT_LE, pdu.IMPLICIT_LE), weight=3),
                Value("jpeg-baseline", in_syntax("1.2.840.10008.1.2.4.50", pdu.IMPLICIT_LE)),
                Value("jpeg-2000", in_syntax("1.2.840.10008.1.2.4.90", pdu.IMPLICIT_LE)),
                Value("private", in_syntax("2.25.61094521842315472098318712345678901234", pdu.IMPLICIT_LE)),
                Value("private-of-a-maker", in_syntax("1.3.46.670589.33.1.4.1", pdu.IMPLICIT_LE)),
                Value("three", in_syntax(pdu.IMPLICIT_LE, pdu.EXPLICIT_LE, "1.2.840.10008.1.2.2")),
                Value("every", in_syntax(pdu.IMPLICIT_LE, *_SYNTAXES)),
            ),
            Layer.ASSOCIATION,
        ),
        Dimension(
            "context-ids",
            (
                Value("from-3", lambda bid: replace(bid, first_context=3)),
                Value("from-101", lambda bid: replace(bid, first_context=101 if len(bid.storage) < 60 else 1)),
                Value("up-to-255", lambda bid: replace(bid, pad=128), weight=0.5),
                Value("even", lambda bid: replace(bid, first_context=2), mixes=False),
            ),
            Layer.ASSOCIATION,
        ),
        Dimension(
            "contexts",
            tuple(Value(str(n), _padded(n)) for n in (8, 40, 100)),
            Layer.ASSOCIATION,
            0.1,
        ),
        Dimension(
            "offered-beside",
            tuple(Value(name, _beside(*classes), weight=2) for name, classes in _beside_classes().items()),
            Layer.ASSOCIATION,
            0.2,
        ),
        Dimension(
            "context-order",
            (Value("reversed", lambda bid: replace(bid, reverse_contexts=True), weight=2),),
            Layer.ASSOCIATION,
        ),
    ]


def _beside(*classes: str) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, beside=classes)


def _beside_classes() -> dict[str, tuple[str, ...]]:
    """All classes of PS3.6 that are not stored, by their kind of service."""
    query = dict.fromkeys(r.sop_class for r in services.TABLE.values() if r.service in ("C-FIND", "C-GET", "C-MOVE"))
    normalized = dict.fromkeys(r.sop_class for r in services.TABLE.values() if r.service.startswith("N-"))
    return {"every-query": tuple(query), "every-normalized": tuple(normalized)}


def _padded(number: int) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, pad=max(bid.pad, number))


def position() -> Dimension[Bid]:
    """Which message of an association it is: a check may be made once only."""

    def after(*names: str) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, prelude=names)

    return Dimension(
        "position",
        (
            Value("after-echo", after(services.ECHO), 6, mixes=False),
            Value("after-two-echoes", after(services.ECHO, services.ECHO), 3, mixes=False),
            Value("second", lambda bid: replace(bid, prelude=bid.requests[:1]), 6, mixes=False),
            Value("fifth", lambda bid: replace(bid, prelude=bid.requests[:1] * 4), 3, mixes=False),
            Value("tenth", lambda bid: replace(bid, prelude=bid.requests[:1] * 9), 3, mixes=False),
            *(Value(f"after-{word}", after(name), 4, impact, mixes=False) for word, name, impact in _OTHERS),
            Value("after-find-and-echo", after(services.FIND, services.ECHO), 3, mixes=False),
        ),
    )


def rounds() -> Dimension[Bid]:
    """All that is asked, several times on one association."""

    def again(times: int) -> Callable[[Bid], Bid]:
        return lambda bid: replace(bid, requests=bid.requests * times)

    return Dimension("rounds", (Value("2", again(2), weight=2), Value("4", again(4))), often=0.1)


def repetition() -> Dimension[Bid]:
    """Which conversation it is: one in so many may be let in."""
    return Dimension(
        "conversations",
        (
            Value("12", lambda bid: replace(bid, times=12), weight=5, mixes=False),
            Value("60", lambda bid: replace(bid, times=60), weight=3, mixes=False),
        ),
        Layer.ASSOCIATION,
        repeats=True,
    )


def every() -> list[Dimension[Bid]]:
    manner = [level(), keys(), character_set(), *command()]
    return [request(), further(), *manner, storage(), *contexts(), position(), rounds(), repetition()]
