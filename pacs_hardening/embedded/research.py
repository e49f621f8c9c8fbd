"""The research side of the embedded archive: another AE title and another path behind the same endpoints."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from ..model import Research
from .archive import Archive
from .contexts import DeclaredContexts, storage_of
from .copies import Copies
from .dicom import DicomServer
from .faults import Faults
from .gate import Gate
from .hostile import Resilience
from .journal import Journal
from .login import Login
from .participants import Participants
from .policy import Policy
from .routes import Routes
from .settings import Settings
from .web import Web

# Of these, what the allow-list keeps is a picture or a document of some use. Documents for people are not among them.
_CLASSES = (
    "1.1", "1.2", "1", "1.1.1", "2", "2.1", "4", "6.1", "7", "9.1.1", "11.1", "12.1", "20", "66.4", "77.1.4", "128",
    "88.11", "88.22", "88.33", "481.3", "481.5",
)  # fmt: skip
CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.{each}" for each in _CLASSES)
ASKED = tuple(f"1.2.840.10008.{each}" for each in ("1.1", *(f"5.1.4.1.2.{r}.{s}" for r in (1, 2) for s in (1, 3))))
SYNTAXES = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90",
)


@dataclass(frozen=True)
class Side:
    """What answers to its AE title, and below its path."""

    dicom: DicomServer
    web: Web


def side(
    research: Research,
    cast: Participants,
    settings: Settings,
    journal: Journal,
    faults: Faults,
    resilience: Resilience,
    opened_by: Policy,
) -> Side:
    """Made with a secret of its own, which nothing else knows."""
    store = Copies(secrets.token_bytes(32), journal, opened_by)
    limit = cast.target.query_limit or 0 if settings.limit_queries else 0
    sender, reader = cast.nodes[research.sender], cast.nodes[research.reader]
    nodes = {
        sender.aet: replace(sender, permits=frozenset({"echo", "store"})),
        reader.aet: replace(reader, permits=frozenset({"echo", "find", "get"})),
    }
    identities = [node.identity for node in nodes.values() if node.identity]
    passcodes = {who.username.encode(): who.passcode.reveal().encode() for who in identities}
    contexts = DeclaredContexts(settings, (*ASKED, *CLASSES), SYNTAXES, opened_by)
    gate = Gate(settings, research.called_aet, nodes, passcodes, contexts.services(), opened_by)
    archive = Archive(store, limit, {}, policy=opened_by)
    server = DicomServer(
        research.called_aet,
        settings,
        gate.admit,
        contexts,
        archive.handlers(),
        journal,
        faults,
        resilience,
        opened_by,
    )
    routes = Routes(store, limit, storage_of(CLASSES), frozenset(), policy=opened_by)  # nobody stores over the web
    user = cast.users[research.user]
    known = {user.username.encode(): user.password.reveal().encode()}
    login = Login(settings, known, opened_by)
    return Side(server, Web(settings, login, routes, journal, policy=opened_by, resilience=resilience))
