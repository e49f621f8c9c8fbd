"""The dimensions of who a peer says that it is: certificate, names, implementation, user identity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from ..model import Impact, KeyPair, Node, Target
from ..wire import pdu
from ..wire.implementations import REAL, Implementation
from .bid import Bid
from .dimension import Dimension, Layer, Value

T = TypeVar("T")

# Factory settings printed in manuals, and names that a machine gives itself; none of them is a secret.
FACTORY = (
    "ORTHANC", "DCM4CHEE", "STORESCP", "STORESCU", "ANY-SCP", "ANYSCP", "FINDSCU", "MOVESCU", "GETSCU", "ECHOSCU",
    "OSIRIX", "HOROS", "CONQUESTSRV1", "DICOOGLE-STORAGE", "PACS", "DCMQRSCP", "ACME1", "DCMSEND", "DCMRECV",
    "PYNETDICOM", "FODICOM", "CLEARCANVAS", "AE_TITLE", "AETITLE", "RADIANT", "WEASIS-WORKLIST", "MICRODICOM", "MIRTH",
)  # fmt: skip
LOCAL = (
    "LOCALHOST", "localhost", "127.0.0.1", "::1", "HOST", "SELF", "LOCAL", "ADMIN", "ADMINISTRATOR", "ROOT",
    "SYSTEM", "SERVICE", "SUPPORT", "TEST", "DEMO", "GUEST", "ANONYMOUS", "DEFAULT", "ANY", "ALL", "NONE", "NULL",
    "MONITOR", "MONITORING", "NAGIOS", "ZABBIX", "PROMETHEUS", "HEALTHCHECK", "HAPROXY", "BACKUP", "MIGRATION",
    "WORKSTATION", "VIEWER", "MODALITY", "ARCHIVE", "GATEWAY", "ROUTER", "PRINTER", "RIS", "HIS", "WORKLIST",
    "EMERGENCY",
)  # fmt: skip


MAKERS = (
    "GE", "SIEMENS", "PHILIPS", "AGFA", "SECTRA", "FUJI", "CANON", "TOSHIBA", "HITACHI", "SHIMADZU", "HOLOGIC",
    "CARESTREAM", "KODAK", "MERGE", "INTELERAD", "VISAGE", "SYNGO", "CENTRICITY", "IMPAX", "PMS", "OFFIS_DCMTK_368",
    "SIEMENS_MRSYNGO", "GE_CENTRICITY", "PMS_PORTAL", "MergeCOM3_470", "ORTHANC", "OSIRIX", "HOROS", "WEASIS",
    "VIEWER", "MODALITY", "TEST", "test", "DEBUG", "ADMIN", "admin", "monitor", "gateway", "GATEWAY ", "PACS", "1.0",
    "1", "dicom", "SERVICE", "internal", "v2",
)  # fmt: skip
_UIDS = {  # shapes of an implementation class UID that nobody registered, and roots of makers that have several
    "nobody": "1.2.3.4", "nobody-99": "1.2.3.99", "uuid": "2.25.1234", "long-uuid": f"2.25.{3**72}",
    "long": "1.2.826.0.1.3680043.8.498.45787841905188114249", "dcmtk-root": "1.2.276.0.7230010.3.0.3.6.9",
    "dcm4che-root": "1.2.40.0.13.1.5", "orthanc": "1.3.6.1.4.1.44119.1", "merge-root": "2.16.840.1.113669.2.931128",
    "siemens-root": "1.3.12.2.1107.5.99.3.20000601", "ge-root": "1.2.840.113619.6.96",
    "philips-root": "1.3.46.670589.42.1.4.4.5", "agfa-root": "1.2.124.113532.3500.7", "test": "1.2.3", "zero": "0.0",
}  # fmt: skip


def _calling(title: bytes) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, calling=title)


def _called(title: bytes) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, called=title)


def resembling(aet: str) -> Iterator[tuple[str, bytes, float]]:
    """Titles that a careless comparison takes for ``aet``: name, bytes, weight. Trailing spaces are padding
    (PS3.8 9.3.2), so they are none."""
    raw = aet.encode()
    other = (raw[:8] + b"-OTHER99")[:16]
    yield "first-8", raw[:8], 7
    yield "same-first-8", other, 7
    yield "first-4", raw[:4], 3
    yield "without-last", raw[:-1], 4
    yield "without-first", raw[1:], 4
    yield "longer", (raw + b"X")[:16], 5
    yield "with-number", (raw[:14] + b"01"), 3
    yield "embedded", (b"X" + raw[:14] + b"X"), 4
    yield "middle", raw[1:-1], 3
    yield "lower-case", raw.lower(), 5
    yield "upper-case", raw.upper(), 5
    yield "swapped-case", raw.swapcase(), 3
    yield "leading-space", (b" " + raw)[:16], 5
    yield "leading-spaces", (b"   " + raw)[:16], 3
    yield "inner-space", (raw[:4] + b" " + raw[4:])[:16], 2
    yield "nul-padded", raw.ljust(16, b"\0"), 4
    yield "nul-and-more", (raw + b"\0ABCDEF")[:16], 3
    yield "leading-nul", (b"\0" + raw)[:16], 2
    yield "tab-padded", raw.ljust(16, b"\t"), 2
    yield "leading-tab", (b"\t" + raw)[:16], 2
    yield "newline-after", (raw + b"\n")[:16], 2
    yield "carriage-return", (raw + b"\r\n")[:16], 2
    yield "first-of-two-values", (raw + b"\\X")[:16], 4
    yield "second-of-two-values", (b"X\\" + raw)[:16], 4
    yield "star", raw[:1] + b"*", 4
    yield "question-mark", raw[:-1] + b"?", 3
    yield "percent", raw[:2] + b"%", 3
    yield "underscore", raw[:-1] + b"_", 2
    yield "high-bit", raw[:-1] + bytes([raw[-1] | 0x80]), 2
    yield "hyphen-for-underscore", raw.replace(b"-", b"_"), 2
    yield "without-punctuation", bytes(c for c in raw if chr(c).isalnum()), 2
    yield "reversed", raw[::-1], 1
    yield "doubled", (raw + raw)[:16], 1


def _titles(target: Target, nodes: tuple[Node, ...]) -> Iterator[tuple[str, bytes, float, Impact]]:
    for node in nodes:
        yield f"of-{node.name}", node.aet.encode(), 10, Impact.PASSIVE
    called = target.called_aet.encode()
    yield "archive's-own", called, 9, Impact.PASSIVE
    yield "archive's-own-lower-case", called.lower(), 2, Impact.PASSIVE
    if target.move_destination:
        yield "move-destination", target.move_destination.encode(), 9, Impact.PASSIVE
    if target.research is not None:
        yield "research-archive", target.research.called_aet.encode(), 5, Impact.PASSIVE
    yield "blank", b" " * 16, 4, Impact.PASSIVE
    yield "nuls", bytes(16), 4, Impact.PASSIVE
    yield "star", b"*", 4, Impact.PASSIVE
    yield "percent", b"%", 3, Impact.PASSIVE
    yield "dot-star", b".*", 2, Impact.PASSIVE
    yield "one-character", b"A", 2, Impact.PASSIVE
    yield "sixteen-characters", b"ABCDEFGHIJKLMNOP", 2, Impact.PASSIVE
    yield "digits", b"1234567890", 1, Impact.PASSIVE
    yield "true-in-sql", b"' OR 1=1 --", 3, Impact.PASSIVE
    yield "latin-1", "ÄÖÜ".encode("latin-1"), 1, Impact.PASSIVE
    yield "utf-8", "工作站".encode(), 1, Impact.PASSIVE
    yield "server-name", target.server_name.encode()[:16], 2, Impact.PASSIVE
    for title in LOCAL:
        yield f"named-{title}", title.encode(), 2, Impact.PASSIVE
    for title in FACTORY:
        yield f"factory-{title}", title.encode(), 2, Impact.ACTIVE


def calling(target: Target, nodes: tuple[Node, ...]) -> Dimension[Bid]:
    """Known titles, what resembles that of the first node, and names that somebody may have been let in by. None stands
    beside other values: another name meets checks of its own, such as whose certificate it is."""
    found = {name: (raw, weight, impact) for name, raw, weight, impact in _titles(target, nodes)}
    taken = {raw.rstrip(b" ") for raw, *_ in found.values()}
    for node in nodes[:1]:
        for name, raw, weight in resembling(node.aet):
            if raw.rstrip(b" ") not in taken:
                found[f"like-{node.name}-{name}"] = raw, weight, Impact.PASSIVE
    values = (Value(name, _calling(raw), weight, impact, mixes=False) for name, (raw, weight, impact) in found.items())
    return Dimension("calling", tuple(values), Layer.ASSOCIATION)


def called(target: Target) -> Dimension[Bid]:
    """An archive may refuse everybody who calls it by another name, so these hide what stands beside them."""
    raw = target.called_aet.encode()
    others = {"of-nobody": (b"NOT-THIS-ONE", 3.0), "blank": (b" " * 16, 3.0), "any-scp": (b"ANY-SCP", 3.0)}
    others |= {"localhost": (b"LOCALHOST", 2.0), "star-alone": (b"*", 3.0)}
    if target.move_destination:
        others["move-destination"] = target.move_destination.encode(), 3.0
    if target.research is not None:
        others["research-archive"] = target.research.called_aet.encode(), 3.0
    others |= {f"like-own-{name}": (title, weight / 2) for name, title, weight in resembling(target.called_aet)}
    same: Value[Bid] = Value("same-as-calling", lambda bid: replace(bid, called=bid.calling), weight=5, mixes=False)
    told = {title.rstrip(b" "): (name, title, weight) for name, (title, weight) in others.items()}
    told.pop(raw, None)
    values = (same, *(Value(n, _called(t), w, mixes=False) for n, t, w in told.values()))
    return Dimension("called", values, Layer.ASSOCIATION)


def certificate(target: Target, nodes: tuple[Node, ...]) -> Dimension[Bid]:
    """None, and each that there is: those of ``nodes``, and those to be refused."""
    return certificates(target, [Value(f"of-{node.name}", showing(node.keys), 9) for node in nodes if node.keys])


def certificates(target: Target, of_nodes: Iterable[Value[T]]) -> Dimension[T]:
    """For whatever has ``keys``: none, ``of_nodes``, and those to be refused."""
    none: Value[T] = Value("none", showing(None), 5, mixes=False)
    bad = (Value[T](f"bad-{name}", showing(keys), 4, mixes=False) for name, keys in target.bad_keys.items())
    return Dimension("certificate", (none, *of_nodes, *bad), reaches=Layer.TLS)


def showing(keys: KeyPair | None) -> Callable[[T], T]:
    return lambda asked: replace(asked, keys=keys)  # type: ignore[type-var]


def _as(implementation: Implementation | None) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, implementation=implementation)


def implementation() -> Dimension[Bid]:
    """What real peers announce; and a UID without version, nothing at all."""
    real = {each.name: each for each in REAL}
    last = {each.product: name for name, each in real.items()}  # the newest of each product weighs most
    values = [Value(name, _as(each), weight=4 if name in last.values() else 1.5) for name, each in real.items()]
    values += [
        *(Value(f"of-{name}", _as(Implementation("", uid, "NOBODY")), 1.5) for name, uid in _UIDS.items()),
        Value("empty", _as(Implementation("", "", "")), weight=2, mixes=False),
        Value("missing", _as(None), weight=2, mixes=False),
    ]
    return Dimension("implementation", tuple(values), Layer.ASSOCIATION, drawn=True)


def version_name() -> Dimension[Bid]:
    """The implementation version name by itself: none, and names of makers and their products."""

    def called_(version: str) -> Callable[[Bid], Bid]:
        def change(bid: Bid) -> Bid:
            uid = bid.implementation.uid if bid.implementation else ""
            return replace(bid, implementation=Implementation("", uid, version))

        return change

    none: Value[Bid] = Value("none", called_(""), weight=3)
    names = dict.fromkeys((*MAKERS, *(each.version for each in REAL if each.version)))
    values = [Value(n if n == n.strip() else f"{n.strip()}-and-space", called_(n)) for n in names]
    return Dimension("version-name", (none, *values), Layer.ASSOCIATION, often=0.5)


_USERS = (b"service@hospital.example", b"DOMAIN\\user", b"root", b"guest", b"anonymous", b"1234", b"SYSTEM", b"orthanc")
_PASSCODES = (b"0000", b"1234", b"admin", b"password", b"x")
_JWT = b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9."
_SAML = b'<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion"/>'


def _identified(*items: bytes) -> Callable[[Bid], Bid]:
    return lambda bid: replace(bid, identities=items)


def user_identity(target: Target) -> Dimension[Bid]:
    """User identity of types 1 to 5 (PS3.7 D.3.3.7): of nobody, and, *active*, under the names that there are."""
    item = pdu.user_identity
    values: list[Value[Bid]] = [
        Value("none", _identified(), weight=4),
        Value("repeated", _identified(item(1, b"x-nobody"), item(3, b"x")), weight=2),
        Value("type-0", _identified(item(0, b"x-nobody")), mixes=False),
        Value("type-6", _identified(item(6, b"x-nobody")), mixes=False),
    ]
    contents = {
        1: {"nobody": (b"x-nobody", b""), "admin": (b"admin", b""), "empty": (b"", b"")}
        | {f"named-{name.decode()}": (name, b"") for name in _USERS},
        2: {"nobody": (b"x-nobody", b"x-nothing"), "empty": (b"", b""), "no-passcode": (b"x-nobody", b""),
            "same": (b"x-nobody", b"x-nobody")}
        | {f"passcode-{code.decode()}": (b"x-nobody", code) for code in _PASSCODES},
        3: {"garbage": (b"\x60\x82\x01\0", b""), "text": (b"x-nobody", b""), "empty": (b"", b"")},
        4: {"assertion": (_SAML, b""), "text": (b"x-nobody", b""), "empty": (b"", b"")},
        5: {"unsigned": (_JWT, b""), "text": (b"x-nobody", b""), "empty": (b"", b"")},
    }  # fmt: skip
    for kind, each in contents.items():
        for name, (first, second) in each.items():
            said = item(kind, first, second, want_response=kind % 2 == 0)
            guess = name.startswith(("named-", "passcode-"))
            values.append(Value(f"type-{kind}-{name}", _identified(said), weight=1.5 if guess else 5))
            if name != "empty" and not guess:
                other = item(kind, first, second, want_response=kind % 2 == 1)
                values.append(
                    Value(f"type-{kind}-{name}-response-{'no' if kind % 2 == 0 else 'yes'}", _identified(other))
                )
    return Dimension("user-identity", (*values, *_of_users(target)), Layer.ASSOCIATION)


def _of_users(target: Target) -> Iterator[Value[Bid]]:
    """Names that the archive knows, with anything but their passcode: what a lock-out could follow from."""
    known = next((node.identity for node in target.nodes.values() if node.identity and node.permits), None)
    if known is None:
        return
    name, own = known.username.encode(), known.passcode.reveal().encode()
    said = {
        "wrong": pdu.user_identity(2, name, b"not-the-passcode"),
        "empty": pdu.user_identity(2, name, b""),
        "first-8": pdu.user_identity(2, name, own[:8]),
        "longer": pdu.user_identity(2, name, own + b"x"),
        "other-case": pdu.user_identity(2, name, own.swapcase()),
        "name-only": pdu.user_identity(1, name),
        "as-ticket": pdu.user_identity(3, name),
        "as-assertion": pdu.user_identity(4, name),
        "as-token": pdu.user_identity(5, name),
        "name-of-other-case": pdu.user_identity(2, name.swapcase(), b"not-the-passcode"),
        "nul-passcode": pdu.user_identity(2, name, b"\0"),
    }
    for label, item in said.items():
        yield Value(f"known-user-{label}", _identified(item), weight=4, impact=Impact.ACTIVE)
    wrong, right = pdu.user_identity(2, name, b"not-the-passcode"), pdu.user_identity(1, b"x-nobody")
    yield Value("known-user-twice", _identified(wrong, right), weight=2, impact=Impact.ACTIVE)
