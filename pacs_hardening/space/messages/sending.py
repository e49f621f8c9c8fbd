"""One message, and who sends it where."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...model import Endpoint, KeyPair
from ...wire.adt import Draft


@dataclass(frozen=True)
class Sending:
    """``keys``: client certificate. ``before``: what goes before it on the connection, in turn or ``at_once``."""

    endpoint: Endpoint
    draft: Draft
    keys: KeyPair | None = None
    before: tuple[Draft, ...] = ()
    at_once: bool = False

    def named(self, application: bytes, facility: bytes) -> Sending:
        return replace(self, draft=replace(self.draft, application=application, facility=facility))

    def of_type(self, kind: bytes) -> Sending:
        return replace(self, draft=replace(self.draft, type=kind))

    def as_sender(self, keys: KeyPair | None) -> Sending:
        """The same, sent by who may send."""
        settings = self.draft.settings
        return replace(self.named(settings.application.encode(), settings.facility.encode()), keys=keys)

    def permitted(self, keys: KeyPair | None) -> Sending:
        """What may be sent by who may send, written in the same way."""
        draft, kind = self.draft, self.draft.settings.message.encode()
        after = () if draft.prior else draft.after  # a merge behind it would be none of that
        return replace(self, draft=replace(draft, type=kind, prior=b"", after=after)).as_sender(keys)
