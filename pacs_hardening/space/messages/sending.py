"""One message, and who sends it where."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...model import Endpoint, KeyPair
from ...wire.adt import Draft


@dataclass(frozen=True)
class Sending:
    """``keys``: client certificate."""

    endpoint: Endpoint
    draft: Draft
    keys: KeyPair | None = None

    def named(self, application: bytes, facility: bytes) -> Sending:
        return replace(self, draft=replace(self.draft, application=application, facility=facility))

    def of_type(self, kind: bytes) -> Sending:
        return replace(self, draft=replace(self.draft, type=kind))

    def as_sender(self, keys: KeyPair | None) -> Sending:
        """The same, sent by who may send."""
        settings = self.draft.settings
        return replace(self.named(settings.application.encode(), settings.facility.encode()), keys=keys)
