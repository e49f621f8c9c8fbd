"""A target: where an archive is, who may talk to it, and what may be done to it. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from .configuration import Configuration
from .control import Impact
from .declared import (
    ENVIRONMENT,
    FILE,
    Entry,
    Flag,
    Inline,
    Many,
    Named,
    Number,
    One,
    Pem,
    Ports,
    Strings,
    Text,
    Texts,
    Urls,
    key,
)
from .examples import ADMIN_REQUESTS, NODES, ROUTES, USERS
from .hl7 import Hl7
from .logs import AuditLog
from .peers import AET, AET_OR_NONE, Endpoint, KeyPair, Node, User
from .planted import SampleStudy
from .research import Research
from .webrequest import PATH_OR_NONE, WebRequest

_HERE = (FILE,)
_UID = Text(r"(?=.{1,64}$)\d+(\.\d+)+")
_HOST = Text(
    r"local://|ssh://([a-z_][a-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?|docker://[A-Za-z0-9][\w.-]*",
    "a host to look into",  # it becomes part of a command line: a name or address and nothing else, and no option
    "docker://name, ssh://user@host, local://",
)


@dataclass(frozen=True)
class Target:
    """An archive to judge. What a key of its file holds and leaves unmeasured is said beside each field.

    ``capabilities``: which optional endpoints and services exist. ``transfer_syntaxes`` and ``sop_classes`` are empty
    where the archive declares nothing. ``hosts`` and ``configurations``, by service: of a target that runs already what
    ``model.running.Running`` has of one that was started. ``notes``: what should be changed in its file. ``ceiling``
    and ``sample_study`` are of the run.
    """

    name: str = field(
        metadata=key(
            Text(r"[^\x00-\x1f\x7f]{1,100}", "a name", "1 to 100 characters in one line"),
            "In reports and waivers; otherwise the name of the file.",
            '"radiology-main"',
            places=_HERE,
        )
    )
    called_aet: str = field(metadata=key(AET, "The archive's AE title.", '"PACS"'))
    endpoints: tuple[Endpoint, ...] = field(
        metadata=key(
            Urls(),
            "Each with a port. The first of each kind is the one in use; name every further one that is known.",
            '["dicoms://pacs.example:2762"]',
            was="doors",
            places=_HERE,
        )
    )
    nodes: Mapping[str, Node] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(Named(Node, "name"), "DICOM peers of yours, by role.", entries=NODES, of="dicom", places=_HERE),
    )
    product: str = field(
        default="",
        metadata=key(
            Text(),
            "orthanc, dcmtk or dcm4chee: where its routes are and what it must refuse, as far as a user is served "
            "there; reports say what to change in its words.",
            '"orthanc"',
            places=_HERE,
        ),
    )
    ca: Path | None = field(
        default=None,
        metadata=key(
            Pem("CERTIFICATE"),
            "PEM: who signed the archive's certificate.",
            '"ca.pem"',
            unmeasured="whether the archive's certificate is one that your nodes can trust",
            of="tls",
            places=_HERE,
        ),
    )
    server_name: str = field(
        default="localhost",
        metadata=key(
            Text(r"[0-9A-Za-z.:_-]{1,253}"),
            "The name that its certificate carries; otherwise the host of the first endpoint.",
            '"pacs.example"',
            places=_HERE,
        ),
    )
    verify_server: bool = field(
        default=True,
        metadata=key(Flag(), "false: the authorised nodes talk to it whatever its certificate.", "true", places=_HERE),
    )
    move_destination: str | None = field(
        default=None,
        metadata=key(
            AET_OR_NONE,
            'An AE title to which C-MOVE may deliver; "" says that there is none.',
            '"WORKSTATION1"',
            unmeasured="whether C-MOVE is refused to strangers",
            of="dicom",
        ),
    )
    query_limit: int | None = field(
        default=None,
        metadata=key(
            Number(1),
            "How many matches one query may bring.",
            "100",
            unmeasured="whether one query can list every patient",
            of="dicom",
        ),
    )
    body_limit: int | None = field(
        default=None, metadata=key(Number(1), "The most bytes that a request body may have.", "67108864")
    )
    capabilities: frozenset[str] = field(
        default=frozenset(),
        metadata=key(
            Texts(Text(r"[a-z][a-z0-9-]*"), ordered=False),
            "What it has besides: dicomweb, worklist, user-identity, client-certificates …",
            '["dicomweb"]',
        ),
    )
    sop_classes: tuple[str, ...] = field(
        default=(),
        metadata=key(
            Texts(_UID),
            "What it is meant to accept, and nothing else.",
            '["1.2.840.10008.5.1.4.1.1.2"]',
            unmeasured="whether only declared kinds of objects are accepted",
            of="dicom",
        ),
    )
    transfer_syntaxes: tuple[str, ...] = field(
        default=(),
        metadata=key(
            Texts(_UID),
            "The encodings that it is meant to accept, and nothing else.",
            '["1.2.840.10008.1.2.1"]',
            unmeasured="whether only declared encodings are accepted",
            of="dicom",
        ),
    )
    configurations: Mapping[str, Configuration] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(Inline(Configuration, under="archive"), "What it was started with.", places=_HERE),
    )
    bad_keys: Mapping[str, KeyPair] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(
            Named(KeyPair),
            "Client certificates that must be refused, by defect: expired, not-yet-valid, revoked, self-signed, "
            "unknown-ca …",
            entries=(Entry("expired", {"certificate": '"expired.pem"', "key": '"expired.key"'}),),
            unmeasured="whether expired, revoked and foreign client certificates are refused",
            of="tls",
            places=_HERE,
        ),
    )
    audit: AuditLog | None = field(
        default=None,
        metadata=key(
            One(AuditLog),
            "Where the audit records of the archive can be seen, by one of listen, file and command.",
            entries=(Entry("", {"listen": '"udp://127.0.0.1:5140"'}),),
            unmeasured="whether anything that is done is recorded",
            places=_HERE,
        ),
    )
    users: Mapping[str, User] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(
            Named(User),
            "Who may log in at the web endpoints.",
            entries=USERS,
            unmeasured="whether the web endpoints serve anybody, and so everything about them",
            of="web",
            places=_HERE,
        ),
    )
    routes: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(
            Strings(PATH_OR_NONE),
            'Paths of the web endpoints; "" says that there is none.',
            entries=ROUTES,
            of="web",
        ),
    )
    hosts: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(
            Strings(_HOST),
            "What may be looked into from inside.",
            entries=(Entry("archive", '"ssh://auditor@pacs.example"', "Or docker://container, or local://."),),
            unmeasured="what the machine underneath looks like: users, secrets, ports, versions",
            places=_HERE,
        ),
    )
    protected_requests: tuple[WebRequest, ...] = field(
        default=(),
        metadata=key(
            Many(WebRequest),
            "What else strangers must be refused at the web endpoints.",
            entries=(Entry("", {"path": '"/patients?expand"', "route": '"rest"'}),),
            was="further",
        ),
    )
    admin_requests: tuple[WebRequest, ...] = field(
        default=(),
        metadata=key(
            Many(WebRequest),
            "What an ordinary user must be refused as well; nothing may come of it.",
            entries=ADMIN_REQUESTS,
            was="dangerous",
        ),
    )
    research: Research | None = field(
        default=None,
        metadata=key(
            One(Research),
            "A second archive behind the same endpoints, which holds redacted copies only.",
            entries=(
                Entry("", {"called_aet": '"RESEARCH"', "sender": '"store"', "reader": '"query"', "user": '"gate"'}),
            ),
        ),
    )
    hl7: Hl7 | None = field(
        default=None,
        metadata=key(
            One(Hl7),
            "Where HL7 v2 messages are received, over MLLP, by the archive or by a broker beside it.",
            entries=(
                Entry(
                    "",
                    {
                        "endpoints": '["mllps://pacs.example:2575"]',
                        "application": '"RIS"',
                        "facility": '"HOSPITAL"',
                        "receiver": '"PACS"',
                        "receiver_facility": '"HOSPITAL"',
                        "node": '"all"',
                        "message": '"ADT^A08^ADT_A01"',
                        "may_merge": "false",
                        "authority": '"HOSPITAL"',
                    },
                ),
            ),
        ),
    )
    log_lines: tuple[str, ...] = field(
        default=(),
        metadata=key(
            Texts(),
            "Lines in the form of the archive's own log, for datetime.strftime, that would have {name} take part.",
            places=(ENVIRONMENT,),
        ),
    )
    ports: tuple[int, ...] = field(
        default=(),
        metadata=key(
            Ports(),
            "Where else its hosts may listen; asked who is served there, with `--allow active`.",
            "[8080]",
            places=_HERE,
        ),
    )
    not_mine: tuple[int, ...] = field(
        default=(),
        metadata=key(Ports(), "Ports of its hosts at which something else listens: not asked.", "[9090]", places=_HERE),
    )
    version: int = field(
        default=1,
        metadata=key(Number(1, most=1), "Of the form of this file.", "1", places=_HERE),
    )
    ceiling: Impact = Impact.PASSIVE
    sample_study: SampleStudy | None = None
    notes: tuple[str, ...] = ()

    def endpoints_of(self, service: str) -> tuple[Endpoint, ...]:
        return tuple(endpoint for endpoint in self.all_endpoints if endpoint.service == service)

    @property
    def all_endpoints(self) -> tuple[Endpoint, ...]:
        """Those of the archive, and those for HL7 messages, which may be of a broker beside it."""
        return (*self.endpoints, *(self.hl7.endpoints if self.hl7 else ()))
