"""What the authorised sender of HL7 v2 messages is served."""

from __future__ import annotations

from ...model import Endpoint, Hl7, Impact, KeyPair, Unmeasurable, Unnamed, Unserved
from ...model.response import Acknowledged, Observed, Served
from ...wire import adt, messages, mllp
from .who import Who


class Messages(Who):
    def messaging(self) -> Hl7:
        """Raises Unnamed where the target names none."""
        if self.target.hl7 is None:
            raise Unnamed("the target names no hl7")
        return self.target.hl7

    def sender_keys(self) -> KeyPair | None:
        return self.node(self.messaging().node).keys

    def tells(self, endpoint: Endpoint, draft: adt.Draft | None = None) -> Observed:
        """What the sender is told of his message. Where writing is not permitted, he sends one of which nothing can
        come. Raises Unmeasurable where the endpoint cannot be reached."""
        settings = self.messaging()
        writes = self._writes(draft)
        message = (draft or adt.Draft.of(settings)).encode() if writes else adt.harmless(settings)
        asked = settings.message if writes else "HL7"
        told = messages.send(endpoint, self.target, self.sender_keys(), mllp.block(message), asked, verified=True)
        return Observed("the authorised sender", endpoint, asked, told.response)

    def hl7(self, endpoint: Endpoint | None = None, draft: adt.Draft | None = None) -> None:
        """The sender's message is accepted; by default at the first endpoint. Where writing is not permitted, he is
        answered. Raises Unserved where he is answered otherwise, Unmeasurable where he is not."""
        seen = self.tells(endpoint or self.messaging().endpoints[0], draft)
        answered = isinstance(seen.response, Served | Acknowledged)
        if not isinstance(seen.response, Served) and (self._writes(draft) or not answered):
            raise (Unserved if answered else Unmeasurable)("positive control failed: ", seen)
        self.proofs += 1

    def _writes(self, draft: adt.Draft | None) -> bool:
        return draft is not None or self.target.ceiling >= Impact.WRITES
