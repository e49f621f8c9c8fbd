"""ClientHellos of any age on a plain socket: what a server chooses when it is offered old versions, weak suites or weak
groups. The exchange ends where the server has chosen; nothing has to be spoken that a TLS library no longer speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ..model import Endpoint, Target
from ..model.response import Alert, Closed, Nonsense, Stage, TlsAlert
from ..model.response import Silent as NoAnswer
from .choice import Choice, Malformed, read_choice
from .hello import RENEGOTIATION_SCSV, ClientHello
from .session import Refused, Session, Silent
from .suites import GROUP_NUMBERS, Suite

_SECONDS = 3.0
_NONE_OF_THESE = (Alert.HANDSHAKE_FAILURE, Alert.PROTOCOL_VERSION, Alert.INSUFFICIENT_SECURITY)
# What today's libraries offer by themselves; every server with an elliptic-curve certificate wants its curve offered.
COMMON = ("x25519", "secp256r1", "x448", "secp521r1", "secp384r1")
_CURVES = {each.name: each for each in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())}


@dataclass(frozen=True)
class OtherVersion:
    """It chose a version that was not offered: it knows none of those that were."""

    version: str


Reply: TypeAlias = Choice | OtherVersion | TlsAlert | Closed | Nonsense | NoAnswer


def means_none_of_these(reply: Reply) -> bool:
    """Whether all that was offered is refused. Whatever else comes back may have been about something else."""
    return isinstance(reply, OtherVersion) or (isinstance(reply, TlsAlert) and reply.description in _NONE_OF_THESE)


@dataclass(frozen=True)
class Server:
    """What is at ``endpoint``, and the name that it is asked for. Raises Unmeasurable where not even TCP connects."""

    endpoint: Endpoint
    name: str

    @classmethod
    def of(cls, endpoint: Endpoint, target: Target) -> Server:
        return cls(endpoint, target.server_name)

    def offer(self, version: str, offered: Sequence[Suite], groups: Sequence[str] = COMMON) -> Reply:
        """Offer these suites in ``version`` and in no other."""
        hello = ClientHello(
            version,
            [each.number for each in offered],
            self.name,
            groups=[GROUP_NUMBERS[each] for each in groups],
            shares=_shares(*(each for each in COMMON[:2] if each in groups)) if version == "TLS 1.3" else {},
        )
        if version == "SSL 3.0":
            hello = replace(hello, suites=[*hello.suites, RENEGOTIATION_SCSV])
        return self._ask(hello)

    def _ask(self, hello: ClientHello) -> Reply:
        try:
            with Session(self.endpoint, None, seconds=_SECONDS, name=self.name) as session:
                answer = _exchange(session, hello)
                if isinstance(answer, Choice) and answer.retry and answer.group and answer.group[0] in COMMON:
                    again = replace(hello, shares=_shares(answer.group[0]), cookie=answer.cookie)
                    answer = _exchange(session, again)
        except Refused:
            return Closed(reset=True)
        except Silent as silence:
            return silence.response
        except Malformed as malformed:
            return Nonsense(str(malformed))
        if not isinstance(answer, Choice):
            return answer
        if answer.version != hello.version:
            return OtherVersion(answer.version)
        if answer.suite.number not in hello.suites:
            return Nonsense(f"chose {answer.suite.name}, which was not offered")
        return answer


def _exchange(session: Session, hello: ClientHello) -> Choice | TlsAlert | Closed:
    session.send(hello.record(), f"ClientHello, {hello.version}")
    return read_choice(lambda limit: session.receive_some(limit, Stage.TLS), hello.version)


@cache
def _shares(*groups: str) -> dict[int, bytes]:
    """A public key for each group; nothing is ever encrypted with it, so one serves for every hello."""
    return {GROUP_NUMBERS[group]: _public_key(group) for group in groups}


def _public_key(group: str) -> bytes:
    if group == "x25519":
        return x25519.X25519PrivateKey.generate().public_key().public_bytes_raw()
    if group == "x448":
        return x448.X448PrivateKey.generate().public_key().public_bytes_raw()
    point = ec.generate_private_key(_CURVES[group]).public_key()
    return point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
