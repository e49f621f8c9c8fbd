"""Probe: TLS versions, cipher suites, key exchange and renegotiation of an endpoint.

Some 360 suites in six versions are not offered one by one. Those are offered together that ask the same of a server
(key exchange and signature): what it chooses is taken out, until an alert refuses all that is left. Whatever else comes
back, each is then offered alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ...model import (
    Endpoint,
    KeyPair,
    Target,
    Unmeasurable,
)
from ...model.response import Alert, Silent, TlsAlert
from ...wire.choice import Choice
from ...wire.offer import OtherVersion, Server, means_none_of_these
from ...wire.renegotiation import renegotiates
from ...wire.suites import VERSIONS, Suite, families, suites

AT_ONCE = 8
# Every server with an elliptic-curve certificate wants its curve offered as well (RFC 8422 5.1), so these come last.
_COMMON = ("secp256r1", "secp384r1", "secp521r1")
# Named curves below 256 bits, strongest first.
_WEAK = (
    *("secp224r1", "secp224k1", "sect239k1", "sect233r1", "sect233k1", "secp192r1", "secp192k1", "sect193r1"),
    *("sect193r2", "sect163r2", "sect163r1", "sect163k1", "secp160r2", "secp160r1", "secp160k1"),
)


@dataclass(frozen=True)
class TlsFacts:
    """``suites``: TLS version -> names (IANA) of the cipher suites that the server accepted in it. ``exchanges``: its
    ephemeral keys, by IANA name of the group or ``dhe``, with bits. ``binds_renegotiation`` (RFC 5746) and
    ``lets_renegotiate`` are about TLS 1.2; ``unmeasured`` says why the latter is not known; None where it is,
    or does not matter."""

    endpoint: Endpoint
    suites: dict[str, tuple[str, ...]]
    exchanges: tuple[tuple[str, int], ...] = ()
    binds_renegotiation: bool = True
    lets_renegotiate: bool = False
    unmeasured: Unmeasurable | None = None

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(version for version in VERSIONS if self.suites.get(version))


def scan(endpoints: Iterable[Endpoint], target: Target) -> dict[Endpoint, TlsFacts]:
    """Offer every version and suite, and weak groups, to each endpoint, side by side. A renegotiation needs a
    connection, so for it alone the node ``all`` shows its certificate.

    Raises Unmeasurable where an endpoint could not be scanned in full: half a scan proves nothing.
    """
    endpoints = tuple(endpoints)
    node = target.nodes.get("all")
    keys = {endpoint: node.keys if node and endpoint.service == "dicom" else None for endpoint in endpoints}
    with ThreadPoolExecutor(max(1, len(endpoints))) as pool:
        return dict(
            zip(endpoints, pool.map(lambda endpoint: _scan(endpoint, target, keys[endpoint]), endpoints), strict=True)
        )


@dataclass
class _Asked:
    """What came of the suites of one version that were offered together: the server's choices, and the suites of which
    nothing is known yet, because something else than an alert came back."""

    version: str
    choices: list[Choice] = field(default_factory=list)
    doubtful: tuple[Suite, ...] = ()


def _scan(endpoint: Endpoint, target: Target, keys: KeyPair | None) -> TlsFacts:
    server = Server.of(endpoint, target)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        unknown = pool.map(lambda version: _no_such(server, version), VERSIONS)
        spoken = [version for version, refused in zip(VERSIONS, unknown, strict=True) if not refused]
        renegotiation = pool.submit(_renegotiation, server, keys) if "TLS 1.2" in spoken else None
        offers = [(version, family) for version in spoken for family in families(version)]
        asked = list(pool.map(lambda offer: _ask(server, *offer), offers))
        choices = {
            version: [choice for each in asked if each.version == version for choice in each.choices]
            for version in VERSIONS
        }
        for each in asked:
            choices[each.version] += _settle(server, each.version, each.doubtful)
        weak = list(_weak_groups(server))
        if weak and not choices["TLS 1.2"]:
            names = ", ".join(group for group, _ in weak)
            raise Unmeasurable(
                f"{endpoint}: speaks TLS 1.2 only with weak groups ({names}), so its suites are not known"
            )
        if not any(choices.values()):
            raise Unmeasurable(f"{endpoint}: no TLS connection could be made to scan it")
        groups = {*weak, *(choice.group for found in choices.values() for choice in found if choice.group)}
        binds = all(choice.binds for choice in choices["TLS 1.2"])
        lets, unmeasured = renegotiation.result() if renegotiation and choices["TLS 1.2"] else (False, None)
    accepted = {version: tuple(sorted(choice.suite.name for choice in found)) for version, found in choices.items()}
    return TlsFacts(endpoint, accepted, tuple(sorted(groups)), binds, lets, unmeasured)


def _no_such(server: Server, version: str) -> bool:
    """Whether the server says itself that it does not speak this version, by an alert, or by answering in another."""
    match server.offer(version, suites(version)):
        case TlsAlert(description):
            return description == Alert.PROTOCOL_VERSION
        case OtherVersion():
            return True
        case _:
            return False


def _ask(server: Server, version: str, offered: Sequence[Suite]) -> _Asked:
    asked, left = _Asked(version), list(offered)
    while left:
        reply = server.offer(version, left)
        if not isinstance(reply, Choice):
            asked.doubtful = () if means_none_of_these(reply) else tuple(left)
            return asked
        asked.choices.append(reply)
        left.remove(reply.suite)
    return asked


def _settle(server: Server, version: str, doubtful: Sequence[Suite]) -> Iterator[Choice]:
    """Perhaps it was a limit on connections and not on suites: once more, one connection at a time, and what is then
    left, each alone. A server that knows no SSL 2.0 does not even recognise its ClientHello, and just closes."""
    asked = _ask(server, version, doubtful)
    yield from asked.choices
    for suite in asked.doubtful:
        reply = server.offer(version, [suite])
        if isinstance(reply, Silent):
            raise Unmeasurable(f"{server.endpoint}, in answer to a ClientHello of {version}, {suite.name}: ", reply)
        if isinstance(reply, Choice):
            yield reply


def _renegotiation(server: Server, keys: KeyPair | None) -> tuple[bool, Unmeasurable | None]:
    try:
        return renegotiates(server.endpoint, server.name, keys), None
    except Unmeasurable as error:
        return False, error


def _weak_groups(server: Server) -> Iterator[tuple[str, int]]:
    """The weak groups that the server chooses, offered before the common ones and, in case its key is RSA, alone. In
    TLS 1.2, where all of them exist."""
    elliptic = [suite for suite in suites("TLS 1.2") if suite.ephemeral == "ecdhe"]
    for others in (_COMMON, ()):
        left = list(_WEAK)
        while left:
            reply = server.offer("TLS 1.2", elliptic, [*left, *others])
            if not isinstance(reply, Choice) or reply.group is None or reply.group[0] not in left:
                break
            yield reply.group
            left.remove(reply.group[0])
