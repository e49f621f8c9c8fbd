"""Which presentation contexts an association may have (PS3.8 9.3.2.2, PS3.7 D.3.3.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pynetdicom.presentation import PresentationContext

from .gate import Admission
from .policy import HARDENED, Policy
from .request import parse
from .settings import Settings

STORAGE = "1.2.840.10008.5.1.4.1.1."
# Storage Commitment Push, Modality Performed Procedure Step, Basic Film Session: offered by a weakness only.
NORMALIZED = frozenset({"1.2.840.10008.1.20.1", "1.2.840.10008.3.1.2.3.3", "1.2.840.10008.5.1.1.1"})
_VERIFICATION, _WORKLIST = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.31"
_QUERY_RETRIEVE = "1.2.840.10008.5.1.4.1.2."


def storage_of(sop_classes: Iterable[str]) -> frozenset[str]:
    """The storage classes among ``sop_classes``."""
    return frozenset(uid for uid in sop_classes if uid.startswith(STORAGE))


@dataclass(frozen=True)
class DeclaredContexts:
    """What may be negotiated: ``sop_classes`` in ``transfer_syntaxes``, and what a weakness adds."""

    settings: Settings
    sop_classes: tuple[str, ...]
    transfer_syntaxes: tuple[str, ...]
    policy: Policy = HARDENED

    def __call__(self, pdu: bytes, admission: Admission) -> list[PresentationContext]:
        request = parse(pdu)
        classes = set(self.sop_classes)
        syntaxes = list(self.transfer_syntaxes)
        if self.settings.accept_any_sop_class:
            classes |= {uid for uid in request.abstract_syntaxes if uid.startswith(STORAGE) or not _is_standard(uid)}
        if "normalized" in admission.permits:
            classes |= NORMALIZED
        if self.settings.accept_any_transfer_syntax:
            syntaxes += sorted(request.transfer_syntaxes - set(syntaxes))
        known = admission.facts
        classes |= {
            uid
            for uid in request.abstract_syntaxes - classes
            if self.policy.waives("sop-class", lambda uid=uid: {**known(), "sop-class": uid})  # type: ignore[misc]
        }
        syntaxes += [
            uid
            for uid in sorted(request.transfer_syntaxes - set(syntaxes))
            if self.policy.waives("transfer-syntax", lambda uid=uid: {**known(), "message-syntax": uid})  # type: ignore[misc]
        ]
        return [_context(uid, syntaxes) for uid in sorted(classes)]

    def services(self) -> dict[str, frozenset[str]]:
        """The declared SOP classes by DIMSE service, and the undeclared normalized ones."""
        roots = [uid for uid in self.sop_classes if uid.startswith(_QUERY_RETRIEVE)]
        by_number = {number: frozenset(uid for uid in roots if uid.endswith(f".{number}")) for number in (1, 2, 3)}
        return {
            "echo": frozenset({_VERIFICATION}),
            "find": by_number[1] | {_WORKLIST},
            "move": by_number[2],
            "get": by_number[3],
            "store": storage_of(self.sop_classes),
            "normalized": NORMALIZED,
        }


def _is_standard(uid: str) -> bool:
    return uid.startswith("1.2.840.10008.")


def _context(uid: str, syntaxes: list[str]) -> PresentationContext:
    context = PresentationContext()
    context.abstract_syntax = uid
    for syntax in syntaxes:
        context.add_transfer_syntax(syntax)
    if uid.startswith(STORAGE):  # both roles, for C-GET (PS3.7 D.3.3.4)
        context.scu_role = context.scp_role = True
    return context
