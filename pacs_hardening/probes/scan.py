"""Probe: TLS versions, cipher suites, key exchange and renegotiation of a door.

sslyze's own scanner offers each of 533 suites alone. Here suites are offered together that ask the same of a server
(key exchange and signature): an alert refuses all of them. Whatever else comes back, each is then offered alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..model import Door, KeyPair, Target, Unmeasurable
from ..wire.offer import VERSIONS, Reply, Server, Suite, families

AT_ONCE = 8
# Every server with an elliptic-curve certificate wants its curve offered as well (RFC 8422 5.1), so these come last.
_COMMON = ("secp256r1", "secp384r1", "secp521r1")
# Named curves below 256 bits that OpenSSL has in its modern versions, strongest first.
_WEAK = (
    *("secp224r1", "secp224k1", "sect239k1", "sect233r1", "sect233k1", "secp192r1", "secp192k1", "sect193r1"),
    *("sect163r2", "sect163k1", "secp160r2", "secp160r1", "secp160k1"),
)


@dataclass(frozen=True)
class TlsFacts:
    """``suites``: TLS version -> names (IANA) of the cipher suites that the server accepted in it. ``exchanges``: its
    ephemeral keys, by IANA name of the group or ``dhe``, with bits (0: the client library took them for too small to go
    on). ``binds_renegotiation`` (RFC 5746) and ``lets_renegotiate`` are about TLS 1.2; ``unmeasured`` says why they are
    not known, and is empty where they are or do not matter."""

    door: Door
    suites: dict[str, tuple[str, ...]]
    exchanges: tuple[tuple[str, int], ...] = ()
    binds_renegotiation: bool = True
    lets_renegotiate: bool = False
    unmeasured: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(version for version in VERSIONS if self.suites.get(version))


def scan(doors: Iterable[Door], target: Target) -> dict[Door, TlsFacts]:
    """Offer every version and suite, and weak groups, to each door, side by side. A renegotiation needs a connection,
    so for it alone the node ``all`` shows its certificate.

    Raises Unmeasurable where a door could not be scanned in full: half a scan proves nothing.
    """
    doors = tuple(doors)
    node = target.nodes.get("all")
    keys = {door: node.keys if node and door.service == "dicom" else None for door in doors}
    with ThreadPoolExecutor(max(1, len(doors))) as pool:
        return dict(zip(doors, pool.map(lambda door: _scan(door, target, keys[door]), doors), strict=True))


_Offer = tuple[str, list[Suite]]


def _scan(door: Door, target: Target, keys: KeyPair | None) -> TlsFacts:
    server = Server(door, target)
    accepted: dict[str, dict[str, Reply]] = {version: {} for version in VERSIONS}
    with ThreadPoolExecutor(AT_ONCE) as pool:

        def ask(offers: list[_Offer]) -> tuple[list[_Offer], list[_Offer]]:
            """Give what was accepted, and what was refused by something else than an alert."""
            replies = list(pool.map(lambda offer: server.offer(*offer), offers))
            asked = list(zip(offers, replies, strict=True))
            for (version, suites), reply in asked:
                if not reply.refusal and len(suites) == 1:
                    accepted[version][suites[0].name] = reply
            return (
                [offer for offer, reply in asked if not reply.refusal],
                [offer for offer, reply in asked if reply.refusal and not reply.firm],
            )

        whole, doubtful = ask([(version, family) for version in VERSIONS for family in families(version)])
        _, doubtful_alone = ask(_alone(offer for offer in whole if len(offer[1]) > 1))
        _settle(server, [*_alone(doubtful), *doubtful_alone], accepted)
        groups = set(_weak_groups(server))
        if groups and not accepted["TLS 1.2"]:
            names = ", ".join(name for name, _ in groups)
            raise Unmeasurable(f"{door}: speaks TLS 1.2 only with weak groups ({names}), so its suites are not known")
        if not any(accepted.values()):
            raise Unmeasurable(f"{door}: no TLS connection could be made to scan it")
        for version, suites in whole:
            if not any(suite.name in accepted[version] for suite in suites):
                raise Unmeasurable(f"{door}: accepts {suites[0].family} in {version}, but none of its suites alone")
        renegotiates = pool.submit(_renegotiates, Server(door, target, keys)) if accepted["TLS 1.2"] else None
        groups |= {reply.group for replies in accepted.values() for reply in replies.values() if reply.group}
        found = {version: tuple(sorted(replies)) for version, replies in accepted.items()}
        return TlsFacts(door, found, tuple(sorted(groups)), *(renegotiates.result() if renegotiates else ()))


def _renegotiates(server: Server) -> tuple[bool, bool, str]:
    try:
        return *server.renegotiates(), ""
    except Unmeasurable as error:
        return True, False, str(error)


def _alone(offers: Iterable[_Offer]) -> list[_Offer]:
    return [(version, [suite]) for version, suites in offers for suite in suites]


def _settle(server: Server, offers: list[_Offer], accepted: dict[str, dict[str, Reply]]) -> None:
    """Perhaps it was a limit on connections and not on suites: once more, one connection at a time. A server that knows
    no SSL 2.0 does not even recognise its ClientHello, and just closes."""
    for version, suites in offers:
        reply = server.offer(version, suites)
        if reply.silent:
            raise Unmeasurable(f"{server.door}: silence in answer to a ClientHello of {version}, {suites[0].name}")
        if not reply.refusal:
            accepted[version][suites[0].name] = reply


def _weak_groups(server: Server) -> Iterable[tuple[str, int]]:
    """The weak groups that the server chooses, offered before the common ones and, in case its key is RSA, alone."""
    for others in (_COMMON, ()):
        left = list(_WEAK)
        while left:
            reply = server.offer_groups([*left, *others])
            if reply.group is None or reply.group[0] not in left:
                break
            yield reply.group
            left.remove(reply.group[0])
