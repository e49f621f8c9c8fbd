"""Who talks to an archive, and where: endpoints, nodes, users, and what they show of themselves. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .declared import FILE, Hidden, Inline, One, Pem, Text, Texts, key

AET = Text(
    r"(?=.*[^ ])[ -\[\]-~]{1,16}",  # PS3.5 6.2, AE
    "an AE title",
    "1 to 16 printable ASCII characters, no backslash",
)
AET_OR_NONE = Text(rf"|{AET.pattern}", AET.what, f'{AET.accepted}; "" for none')
SERVICES = ("echo", "find", "get", "move", "store")
_HERE = (FILE,)


@dataclass(frozen=True)
class Secret:
    """A value that no ``repr``, log or report ever shows; ``reveal`` is for the wire only."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


@dataclass(frozen=True)
class Endpoint:
    """One TCP port that can be reached. ``service`` is ``dicom``, ``web`` or ``hl7``; the first of each kind is
    the one that authorised nodes use, any other is a further way in that is known to exist."""

    service: str
    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        schemes = {"dicom": ("dicom", "dicoms"), "web": ("http", "https"), "hl7": ("mllp", "mllps")}
        scheme = schemes[self.service][self.tls]
        host = f"[{self.host}]" if ":" in self.host else self.host  # RFC 3986 3.2.2
        return f"{scheme}://{host}:{self.port}"


@dataclass(frozen=True)
class KeyPair:
    """PEM files: a certificate (with its chain, leaf first) and its private key without a password."""

    certificate: Path = field(
        metadata=key(Pem("CERTIFICATE"), "PEM: the certificate with its chain, leaf first.", '"gate.pem"', places=_HERE)
    )
    key: Path = field(metadata=key(Pem("PRIVATE KEY"), "PEM: its key, without a password.", '"gate.key"', places=_HERE))


@dataclass(frozen=True)
class Identity:
    """User identity for A-ASSOCIATE (PS3.7 D.3.3.7), type 2: user name and passcode."""

    username: str = field(metadata=key(Text(), "The user name.", '"gate"', places=_HERE))
    passcode: Secret = field(metadata=key(Hidden(), "Where the passcode stands.", '"GATE_PASSCODE"', places=_HERE))


@dataclass(frozen=True)
class Node:
    """A DICOM peer of ours. ``permits`` holds the DIMSE services (``echo find get move store``) that the
    archive is meant to grant it; empty for a node that the archive does not know."""

    name: str
    aet: str = field(metadata=key(AET, "Its AE title.", '"GATE"', places=_HERE))
    permits: frozenset[str] = field(
        default=frozenset(),
        metadata=key(
            Texts(among=SERVICES, ordered=False),
            "What the archive is meant to grant it; nothing where this is left out.",
            '["echo", "find"]',
        ),
    )
    keys: KeyPair | None = field(
        default=None,
        metadata=key(
            Inline(KeyPair),
            "The certificate that it shows, and its key: both or none.",
            unmeasured="whether a certificate is tied to one AE title, and a client without one refused",
            of="tls",
            name="certificate",
            places=_HERE,
        ),
    )
    identity: Identity | None = field(
        default=None,
        metadata=key(
            One(Identity),
            "User identity (PS3.7 D.3.3.7, type 2), where the archive asks for one.",
            '{ username = "gate", passcode_env = "GATE_PASSCODE" }',
            places=_HERE,
        ),
    )


NO_SECRET = Secret("")


@dataclass(frozen=True)
class User:
    """A web user, and how he logs in: by a name and a password with each request (RFC 7617) or in a form, by a token
    (RFC 6750) that is given or had from a token endpoint (RFC 6749 4.3, 4.4), by a field of his own, or by a
    certificate. ``cookie``: of the session that he has begun."""

    username: str = field(default="", metadata=key(Text(), "The user name.", '"gate"', places=_HERE))
    password: Secret = field(
        default=NO_SECRET, metadata=key(Hidden(), "Where the password stands.", '"GATE_PASSWORD"', places=_HERE)
    )
    token: Secret = field(
        default=NO_SECRET,
        metadata=key(Hidden(), "Where a token stands, sent as `Authorization: Bearer`.", '"GATE_TOKEN"', places=_HERE),
    )
    header: str = field(
        default="",
        metadata=key(
            Text(r"[!#-'*+.0-9A-Z^-z|~-]+", "a field name", "such as X-API-Key"),
            "The header field that takes the token instead.",
            '"X-API-Key"',
            places=_HERE,
        ),
    )
    token_url: str = field(
        default="",
        metadata=key(
            Text(r"https?://[^\s]+", "a URL", "https://host/path"),
            "Where a token is had: with client_id, and by the user's name and password where there are any (direct "
            "grant), else by client credentials.",
            '"https://login.example/realms/dcm4che/protocol/openid-connect/token"',
            places=_HERE,
        ),
    )
    client_id: str = field(default="", metadata=key(Text(), "Who asks for the token.", '"gate"', places=_HERE))
    client_secret: Secret = field(
        default=NO_SECRET,
        metadata=key(Hidden(), "Where the client's secret stands.", '"GATE_CLIENT_SECRET"', places=_HERE),
    )
    login: str = field(
        default="",
        metadata=key(
            Text(r"/.*", "a path", "what follows the host, from its first slash"),
            "The page with the form by which a session begins.",
            '"/login"',
            places=_HERE,
        ),
    )
    keys: KeyPair | None = field(
        default=None,
        metadata=key(
            Inline(KeyPair),
            "The certificate that the user shows, and its key: both or none.",
            name="certificate",
            places=_HERE,
        ),
    )
    cookie: Secret = NO_SECRET
    encoding: str = "utf-8"  # in which the archive reads name and password (RFC 7617 2.1 leaves it open)

    @property
    def means(self) -> tuple[str, ...]:
        """By which keys he logs in; more than one is one too many."""
        named = ("password",) if self.password != NO_SECRET and not (self.token_url or self.login) else ()
        others = [
            name for name in ("token", "token_url", "login", "keys") if getattr(self, name) not in (NO_SECRET, "", None)
        ]
        return (*named, *others)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        every = (self.password, self.token, self.client_secret, self.cookie)
        return tuple(each for each in every if each != NO_SECRET)
