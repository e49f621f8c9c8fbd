"""What came back of a request, as codes of the standards. Oracles decide by these; ``report.words`` alone says them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import TypeAlias

from .peers import Endpoint
from .space import Cause


class Stage(Enum):
    """How far an exchange had come when it ended."""

    CONNECTION = auto()
    TLS = auto()
    ASSOCIATION = auto()
    OPERATION = auto()
    RELEASE = auto()
    HTTP = auto()
    MLLP = auto()


class Alert(IntEnum):
    """TLS alerts by their names in RFC 8446 6, and those that RFC 5246 7.2 and RFC 6066 9 had besides."""

    CLOSE_NOTIFY = 0
    UNEXPECTED_MESSAGE = 10
    BAD_RECORD_MAC = 20
    DECRYPTION_FAILED = 21
    RECORD_OVERFLOW = 22
    DECOMPRESSION_FAILURE = 30
    HANDSHAKE_FAILURE = 40
    NO_CERTIFICATE = 41
    BAD_CERTIFICATE = 42
    UNSUPPORTED_CERTIFICATE = 43
    CERTIFICATE_REVOKED = 44
    CERTIFICATE_EXPIRED = 45
    CERTIFICATE_UNKNOWN = 46
    ILLEGAL_PARAMETER = 47
    UNKNOWN_CA = 48
    ACCESS_DENIED = 49
    DECODE_ERROR = 50
    DECRYPT_ERROR = 51
    EXPORT_RESTRICTION = 60
    PROTOCOL_VERSION = 70
    INSUFFICIENT_SECURITY = 71
    INTERNAL_ERROR = 80
    INAPPROPRIATE_FALLBACK = 86
    USER_CANCELLED = 90
    NO_RENEGOTIATION = 100
    MISSING_EXTENSION = 109
    UNSUPPORTED_EXTENSION = 110
    CERTIFICATE_UNOBTAINABLE = 111
    UNRECOGNIZED_NAME = 112
    BAD_CERTIFICATE_STATUS_RESPONSE = 113
    BAD_CERTIFICATE_HASH_VALUE = 114
    UNKNOWN_PSK_IDENTITY = 115
    CERTIFICATE_REQUIRED = 116
    NO_APPLICATION_PROTOCOL = 120


@dataclass(frozen=True)
class NotConnected:
    """Not even TCP connects. No refusal: a dead port refuses everybody. ``errno``: 0 where the system gave none."""

    errno: int


@dataclass(frozen=True)
class TlsAlert:
    """``description`` as in ``Alert``, or a number that has no name; in a handshake or in answer to plaintext."""

    description: int


@dataclass(frozen=True)
class TlsFailed:
    """The handshake ended without alert and without close. ``symbol``: OpenSSL's name of the error, for the report."""

    symbol: str


@dataclass(frozen=True)
class NotTrusted:
    """We do not trust the server's certificate. ``code``: X509_V_ERR of OpenSSL; ``detail``: its words, to be shown."""

    code: int
    detail: str = field(default="", compare=False)


@dataclass(frozen=True)
class Rejected:
    """A-ASSOCIATE-RJ (PS3.8 table 9-21)."""

    result: int
    source: int
    reason: int

    @property
    def is_busy(self) -> bool:
        """For congestion, a local limit, or for the time being without a reason: nothing about who asks. A transient
        rejection that names what is wrong refuses: dcmqrscp gives such for an application context."""
        return self.source == 3 or (self.result == 2 and self.reason == 1)


@dataclass(frozen=True)
class Aborted:
    """A-ABORT (PS3.8 table 9-26)."""

    source: int
    reason: int


@dataclass(frozen=True)
class Closed:
    """The peer ended the connection; ``reset``: by a TCP RST, or in the middle of TLS."""

    reset: bool = False


@dataclass(frozen=True)
class ContextRefused:
    """The presentation context of the operation was not accepted: result 1 to 4 of PS3.8 9.3.3.2."""

    result: int


@dataclass(frozen=True)
class Unexpected:
    """A PDU of type ``pdu`` instead of the response to an operation."""

    pdu: int


# SOP class not supported, not authorised, unrecognised operation (PS3.7 C.5)
NOT_AUTHORISED = (0x0122, 0x0124, 0x0211)


@dataclass(frozen=True)
class DimseStatus:
    """The status of a DIMSE response (PS3.7 C)."""

    code: int

    @property
    def is_out_of_resources(self) -> bool:
        """Refused for what was asked and not for who asked: more than the archive is ready to do (A7xxH)."""
        return self.code & 0xFF00 == 0xA700

    @property
    def shows_that_it_looked(self) -> bool:
        """A failure that complains about the request or its object: who is not authorised is told no such thing."""
        return self.code not in NOT_AUTHORISED


@dataclass(frozen=True)
class HttpStatus:
    """The status of an HTTP answer (RFC 9110 15) with ``length`` bytes of body; ``to_https``: with a Location there."""

    code: int
    length: int = field(default=0, compare=False)
    to_https: bool = False

    @property
    def is_success(self) -> bool:
        return 200 <= self.code < 300


class Ack(Enum):
    """Of HL7 table 0008: of the application, or that a message came (commit)."""

    APPLICATION_ACCEPT = "AA"
    APPLICATION_ERROR = "AE"
    APPLICATION_REJECT = "AR"
    COMMIT_ACCEPT = "CA"
    COMMIT_ERROR = "CE"
    COMMIT_REJECT = "CR"


# Unknown or duplicate key identifier, record locked (HL7 table 0357): the records were looked at
HL7_LOOKED = frozenset({204, 205, 206})
# Table value not found, unsupported message type, event, processing ID, version
HL7_UNSUPPORTED = frozenset({103, 200, 201, 202, 203})


@dataclass(frozen=True)
class Acknowledged:
    """MSA-1 of an HL7 v2 acknowledgment, and the codes of its errors (ERR-3, HL7 table 0357)."""

    code: Ack
    errors: frozenset[int] = frozenset()

    @property
    def accepts(self) -> bool:
        return self.code in (Ack.APPLICATION_ACCEPT, Ack.COMMIT_ACCEPT)

    @property
    def shows_that_it_looked(self) -> bool:
        """A failure that complains about records: who may not send is told no such thing."""
        return not self.accepts and bool(self.errors & HL7_LOOKED)

    @property
    def refuses_type(self) -> bool:
        """For what kind of message it is, and for nothing that stands in it (HL7 v2.5.1 2.9.2.2)."""
        rejects = self.code in (Ack.APPLICATION_REJECT, Ack.COMMIT_REJECT)
        return not self.shows_that_it_looked and (rejects or bool(self.errors & HL7_UNSUPPORTED))


@dataclass(frozen=True)
class Served:
    """It did what was asked. ``by``: the status that says so; None where an association alone was asked for."""

    by: DimseStatus | HttpStatus | Acknowledged | None = None


@dataclass(frozen=True)
class Silent:
    """Nothing came within ``seconds``: a hang, never a refusal. ``stage``: what was waited for."""

    seconds: float
    stage: Stage = Stage.OPERATION


@dataclass(frozen=True)
class Nonsense:
    """What came is nothing that the protocol knows. ``detail`` is for the report."""

    detail: str


@dataclass(frozen=True)
class Endless:
    """An answer in the right protocol of which more than ``limit`` bytes came."""

    limit: int


Refusal: TypeAlias = (
    TlsAlert
    | TlsFailed
    | Rejected
    | Aborted
    | Closed
    | ContextRefused
    | Unexpected
    | DimseStatus
    | HttpStatus
    | Acknowledged
)
Response: TypeAlias = Served | Silent | Nonsense | Endless | NotConnected | NotTrusted | Refusal


class Ended(Exception):
    """An exchange that ended without being served: ``response`` says how, ``stage`` where."""

    def __init__(self, response: Response, stage: Stage) -> None:
        self.response, self.stage = response, stage
        super().__init__(response, stage)


@dataclass(frozen=True)
class Observed:
    """Who asked what where, and the response. ``calling`` and ``called`` are the AE titles of an association."""

    who: str
    endpoint: Endpoint
    asked: str
    response: Response
    calling: str = ""
    called: str = ""


# What a finding or an error tells: text of the control's own, and what was observed; said in words by the report.
Said: TypeAlias = "str | Response | Observed | Cause | tuple[Said, ...]"
