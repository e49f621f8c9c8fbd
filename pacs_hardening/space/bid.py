"""What one DICOM peer sends, from the TLS handshake to the last operation: all that an archive could decide by."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from ..model import Endpoint, KeyPair, Target
from ..wire import pace, pdu
from ..wire.implementations import Implementation, ours
from ..wire.operations import SECONDARY_CAPTURE, VERIFICATION
from ..wire.tls import ANY_SUITE
from . import services

_MANY = 16  # so many contexts have all transfer syntaxes; with them all an association takes 50 KB
FEW = 2  # contexts: a retrieval needs one for what is to come


@dataclass(frozen=True)
class Bid:
    """``keys``: client certificate. ``identities`` and ``negotiation``: user information sub-items, whole.
    ``prelude`` and ``requests``: names of `services.TABLE`, asked in turn on one association. ``storage``: classes
    whose contexts are offered besides, with ``roles`` (SCU, SCP) of PS3.7 D.3.3.4; ``beside``: further ones, of which
    nothing is asked; ``pad``: so many contexts at least, of storage classes. ``times``: so many conversations of this
    kind, one after the other. ``sni``, ``alpn``, ``tls`` (the only version) and ``suites`` (OpenSSL's words): of the
    TLS handshake; no SNI is sent for an IP address. ``resumed``: in a TLS session that the same peer began.
    ``reserved``: bytes 43 to 74 of the request."""

    target: Target
    endpoint: Endpoint
    calling: bytes
    called: bytes
    keys: KeyPair | None = None
    sni: str = ""
    alpn: tuple[str, ...] = ()
    tls: ssl.TLSVersion | None = None
    suites: str = ANY_SUITE
    resumed: bool = False
    implementation: Implementation | None = field(default_factory=ours)
    identities: tuple[bytes, ...] = ()
    negotiation: tuple[bytes, ...] = ()
    protocol_version: int = 1
    application_context: bytes = pdu.APPLICATION_CONTEXT
    max_pdu: int | None = 16384
    prelude: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    manner: services.Manner = services.USUAL
    storage: tuple[str, ...] = (SECONDARY_CAPTURE,)
    roles: tuple[bool, bool] | None = (False, True)
    transfers: tuple[str, ...] = (pdu.IMPLICIT_LE,)
    first_context: int = 1
    reverse_contexts: bool = False
    times: int = 1
    pad: int = 0
    beside: tuple[str, ...] = ()
    reserved: bytes = b""

    def asks(self) -> tuple[services.Request, ...]:
        return tuple(services.TABLE[name] for name in (*self.prelude, *self.requests))

    def associate_request(self, asks: tuple[services.Request, ...]) -> pdu.AssociateRequest:
        """The A-ASSOCIATE-RQ for ``asks``; an association has at most 128 contexts (PS3.8 9.3.2.2)."""
        most = pace.contexts()
        echo = [VERIFICATION] if most > FEW else []  # else there is room for what is asked, and nothing else
        own = [*echo, *(ask.sop_class for ask in asks), *self.beside, *self.storage]
        padding = services.storage_classes()[: self.pad]
        classes = list(dict.fromkeys([*own, *padding]))[: max(self.pad, len(set(own)))][:most]
        ids = range(self.first_context, self.first_context + 2 * len(classes), 2)
        contexts = [
            pdu.Context(number % 256, uid, self.transfers if place < _MANY else self.transfers[:2])
            for place, (number, uid) in enumerate(zip(ids, classes, strict=True))
        ]
        stored = [*self.storage, *(ask.sop_class for ask in asks if ask.service == "C-STORE")]
        selection: list[bytes] = []
        if self.roles is not None:
            scu, scp = self.roles
            selection = [pdu.role_selection(u, scu=scu, scp=scp) for u in dict.fromkeys(stored) if u in classes]
        return pdu.AssociateRequest(
            self.called,
            self.calling,
            tuple(reversed(contexts) if self.reverse_contexts else contexts),
            self.application_context,
            self.protocol_version,
            self.max_pdu,
            (*selection, *self.negotiation, *self.identities),
            self.implementation,
            self.reserved,
        )
