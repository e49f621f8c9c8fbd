"""Whether an A-ASSOCIATE-RQ is admitted, decided on its bytes before any DICOM library sees them (PS3.8 9.3.2)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from ..model import Node
from .policy import HARDENED, Facts, Policy, no_facts
from .request import Malformed, Request, parse
from .settings import SERVICES, Settings

APPLICATION_CONTEXT = b"1.2.840.10008.3.1.1.1"
_FORBIDDEN = frozenset("\\*?")


class Refused(Exception):
    """``reply`` is the PDU to answer with; the text says why, for the journal only."""

    def __init__(self, why: str, reply: bytes) -> None:
        self.reply = reply
        super().__init__(why)

    @property
    def is_abort(self) -> bool:
        return self.reply[0] == 7

    @classmethod
    def rejected(cls, why: str, source: int, reason: int, *, transient: bool = False) -> Refused:
        """A-ASSOCIATE-RJ, permanent unless said otherwise (PS3.8 9.3.4)."""
        return cls(why, bytes((3, 0, 0, 0, 0, 4, 0, 2 if transient else 1, source, reason)))

    @classmethod
    def aborted(cls, why: str, reason: int) -> Refused:
        """A-ABORT by the service provider (PS3.8 9.3.8)."""
        return cls(why, bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, reason)))


@dataclass(frozen=True)
class Admission:
    """An admitted peer: its AE title, the DIMSE services it may use, whether its identity is confirmed (59H), and what
    openings may ask about it."""

    aet: str
    permits: frozenset[str]
    confirm_identity: bool = False
    facts: Facts = no_facts


@dataclass(frozen=True)
class Gate:
    """``nodes`` are the known ones by AE title, ``users`` the passcodes by user name, ``services`` the SOP classes
    of each service that an unknown peer could be admitted for."""

    settings: Settings
    called_aet: str
    nodes: Mapping[str, Node]
    users: Mapping[bytes, bytes]
    services: Mapping[str, frozenset[str]] = field(default_factory=dict)
    policy: Policy = HARDENED

    def admit(self, pdu: bytes, common_name: str | None, facts: Facts = no_facts) -> Admission:
        """``common_name`` is that of the client certificate, None where the peer presented none. Raises Refused."""
        waives, settings = self.policy.waives, self.settings
        # PS3.8 table 9-11: only bit 0 is tested
        if settings.check_protocol_version and not pdu[7] & 1 and not waives("protocol-version", facts):
            raise Refused.rejected("unknown protocol version", 2, 2)
        try:
            request = parse(pdu)
        except Malformed as error:
            raise Refused.aborted(str(error), 6) from error
        foreign = request.application_context != APPLICATION_CONTEXT
        if settings.check_application_context and foreign and not waives("application-context", facts):
            raise Refused.rejected("unknown application context", 1, 2)
        called = self._matches("called-title", request.called, self.called_aet, facts)
        if settings.check_called_ae and not called and not waives("called-title", facts):
            raise Refused.rejected("wrong called AE title", 1, 7)
        return replace(self._caller(request, common_name, facts), facts=facts)

    def _caller(self, request: Request, common_name: str | None, facts: Facts) -> Admission:
        settings, policy = self.settings, self.policy
        known = [node for aet, node in self.nodes.items() if self._matches("node-known", request.calling, aet, facts)]
        aet = known[0].aet if known else _title(request.calling) or ""
        if not known and aet in settings.factory_ae_titles:
            return Admission(aet, frozenset(SERVICES))
        if not known and not aet:
            raise Refused.rejected("malformed calling AE title", 1, 3)
        offered = [name for name in settings.anonymous if request.abstract_syntaxes & self.services.get(name, set())]
        if not known and offered:
            return Admission(aet, frozenset(settings.anonymous))
        strangers = policy.waiving("node-known", facts) if not known else []
        if not known and not settings.accept_any_calling_ae and not strangers:
            raise Refused.rejected(f"unknown calling AE title {request.calling!r}", 1, 3)
        bound = common_name is None or policy.same("certificate-bound", common_name, aet, facts)
        if settings.bind_certificate and not bound and not policy.waives("certificate-bound", facts):
            raise Refused.rejected(f"certificate of {common_name!r} used as {aet!r}", 1, 3)
        if not known:
            return Admission(aet, frozenset(service for each in strangers for service in each.grants))
        permits = set(known[0].permits)
        permits |= {"store"} if settings.query_may_store and known[0].name == "query" else set()
        permits |= {"find", "get", "move"} if settings.store_may_query and known[0].name == "store" else set()
        asked = settings.require_user_identity and not policy.waives("identity", facts)
        return Admission(aet, frozenset(permits), asked and self._identified(request, facts))

    def _identified(self, request: Request, facts: Facts) -> bool:
        """Whether the peer wants its identity confirmed. Raises Refused unless it gave a user name and its passcode
        (PS3.7 D.3.3.7, type 2)."""
        identity = request.identities[0] if len(request.identities) == 1 else None
        if identity is None or identity.kind != 2:
            raise Refused.rejected("no user identity with a passcode", 2, 1)
        passcode = self.users.get(identity.primary, b"")
        same = hmac.compare_digest(identity.secondary, passcode)
        same = same or self.policy.same("passcode", identity.secondary.decode("latin-1"), passcode.decode(), facts)
        if not same or not passcode:
            raise Refused.rejected("wrong user identity", 2, 1)
        return identity.confirm

    def _matches(self, condition: str, claimed: bytes, known: str, facts: Facts) -> bool:
        if not self.settings.exact_ae_titles:
            return _loosely(claimed, known)
        title = _title(claimed)
        return title is not None and self.policy.same(condition, title, known, facts)


def _title(raw: bytes) -> str | None:
    """An AE title as it stands, without trailing spaces; None if PS3.5 6.2 or a pattern character forbids it."""
    text = raw.decode("latin-1").rstrip(" ")
    good = text and all(" " <= c <= "~" for c in text) and not _FORBIDDEN & set(text)
    return text if good else None


def _loosely(raw: bytes, known: str) -> bool:
    """As a database might compare: any of several values, as the beginning of a pattern, without case, and with
    control characters dropped or taken for any character."""
    for value in raw.decode("latin-1").casefold().split("\\"):
        for instead in ("", "?"):
            pattern = "".join(c if c.isprintable() else instead for c in value).strip()
            if fnmatchcase(known.casefold(), pattern + "*"):
                return True
    return False
