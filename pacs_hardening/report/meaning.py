"""What a refusal means for whoever runs the archive, and what to look at: ``words`` has the codes."""

from __future__ import annotations

from typing import assert_never

from ..model import response as came
from ..model.response import Observed, Said

_REJECTED = {  # source, reason: PS3.8 table 9-21
    (1, 1): "the archive refuses the association and gives no reason",
    (1, 2): "the archive does not know the application context name, which is always DICOM's",
    (
        1,
        3,
    ): "the archive does not know the calling AE title {calling}; add it to the nodes that the archive knows, "
    "with the address that this gate comes from",
    (1, 7): "the archive does not know the called AE title {called}; put its own title into the target (called_aet)",
    (
        2,
        1,
    ): "the archive's upper layer refuses the association and gives no reason: often because of the user identity,"
    " the calling address or the certificate",
    (2, 2): "the archive does not speak this version of the DICOM protocol",
    (3, 1): "the archive has too much to do just now; ask again when it is idle",
    (3, 2): "the archive has as many associations as it may have at once; ask again, or raise its limit",
}
_ABORTED = {  # reasons of the service-provider, PS3.8 table 9-26
    0: "the archive broke off and gives no reason",
    1: "the archive did not recognise a PDU",
    2: "the archive did not expect this PDU here",
    4: "the archive did not recognise a parameter of a PDU",
    5: "the archive did not expect a parameter of a PDU",
    6: "the archive takes the value of a parameter of a PDU for invalid",
}
_CONTEXT = {  # PS3.8 9.3.3.2
    1: "the archive does not let this node use the service",
    2: "the archive does not take the service up, and gives no reason",
    3: "the archive does not offer the service (abstract syntax)",
    4: "the archive and this gate have no encoding in common (transfer syntaxes)",
}
_ALERTS = {
    40: "the server and the client have no TLS parameters in common, or the server wants a client certificate",
    42: "the server does not accept the client certificate: look at the cert and key of the node",
    43: "the server does not accept the kind of the client certificate: is it meant for TLS clients?",
    44: "the client certificate is revoked",
    45: "the client certificate has expired; renew it",
    46: "the server does not accept the client certificate: look into the server's log for the reason",
    48: "the server does not know the CA of the client certificate; add that CA to those that the archive trusts",
    49: "the server does not let the owner of this client certificate in",
    51: "the client certificate and its key do not belong together, or the server does not take its signature",
    70: "the server does not speak this TLS version",
    71: "the server asks for stronger encryption than was offered",
    80: "the server has a problem of its own: look into its log",
    112: "the server has no certificate for this name; look at server_name in the target",
    116: "the server asks for a client certificate: name the cert and key of the node in the target",
}
_STATUS = {
    0x0122: "the archive does not support this service class for this node",
    0x0124: "the archive does not authorise this node for the operation; give it the permission",
    0x0211: "the archive does not know this operation",
    0x0110: "the archive could not process the request: look into its log",
    0x0112: "the archive has no such object",
    0xA801: "the archive does not know the move destination; add its AE title and address to the archive",
    0xFE00: "the operation was cancelled",
}
_HTTP = {
    400: "the web server does not understand the request; 400 to plaintext means that it wants TLS",
    401: "the web server does not accept the user name and password; look at the users of the target",
    403: "the user is known, and may not have this; give the permission",
    404: "there is nothing at this path; look at the routes of the target",
    405: "the path does not take this method",
    429: "the web server has had too many requests; ask again later",
}


def meaning(seen: Observed) -> str:  # noqa: C901, PLR0912 - a branch for each case of a closed type
    """In one sentence without a full stop; empty where there is nothing to explain."""
    match seen.response:
        case came.Served():
            return ""
        case came.Silent():
            return "the server took the connection and did not answer: it hangs, is overloaded, or waits for TLS"
        case came.Nonsense():
            return "what answers there does not speak this protocol; look at the endpoint of the target"
        case came.Endless():
            return "the server sends without end; look into its log"
        case came.NotConnected():
            return "nothing listens there, or a firewall is between; look at host and port of the endpoint"
        case came.NotTrusted():
            return "the server's certificate does not verify; look at ca and server_name of the target"
        case came.TlsAlert(description):
            return _ALERTS.get(description, "the server ended the TLS handshake: look into its log")
        case came.TlsFailed():
            return "the handshake did not come to an end: does the endpoint speak TLS?"
        case came.Rejected(_, source, reason):
            known = _REJECTED.get((source, reason), "the archive refuses the association for a reason that PS3.8 lacks")
            return known.format(calling=repr(seen.calling), called=repr(seen.called))
        case came.Aborted(source, reason):
            provider = _ABORTED.get(reason, "the archive broke off for a reason that PS3.8 lacks")
            return provider if source == 2 else "the archive's application broke off: look into its log"
        case came.Closed():
            return "the server ended the connection without a word: look into its log, and at what is in front of it"
        case came.ContextRefused(result):
            return _CONTEXT.get(result, "the archive does not take the service up")
        case came.Unexpected():
            return "the archive ended the association in the middle of the operation: look into its log"
        case came.DimseStatus(code):
            return _STATUS.get(code) or _status_class(code)
        case came.HttpStatus(code):
            return _HTTP.get(code) or _http_class(code)
        case came.Acknowledged() as answer:
            if answer.refuses_type:
                return "the receiver does not take messages of this type, or of this sender: look at what it accepts"
            return "the receiver does not take this message: look into its log"
        case _:
            assert_never(seen.response)


def _status_class(code: int) -> str:
    """Classes of status: PS3.7 C.1 to C.5, and those of the services in PS3.4."""
    if code == 0:
        return ""
    if code in (0x0001, 0x0107, 0x0116) or code & 0xF000 == 0xB000:
        return "the archive did it, and warns"
    if code & 0xFF00 == 0xA700:
        return "the archive is out of resources, or may not give them to this node"
    if code & 0xFF00 == 0xA900:
        return "the data set does not fit the SOP class"
    if code & 0xF000 == 0xC000:
        return "the archive cannot understand or carry out the request: look into its log"
    if code in (0xFF00, 0xFF01):
        return "the archive said that more would come, and nothing did"
    return "the archive did not carry out the operation: look into its log"


def _http_class(code: int) -> str:
    if 200 <= code < 300:
        return ""
    if 300 <= code < 400:
        return "the web server sends to another address; put that one into the target"
    return "the web server has a problem of its own: look into its log" if code >= 500 else "the web server refuses it"


def explained(said: Said) -> tuple[str, ...]:
    """What the refusals in ``said`` mean, each once."""
    match said:
        case Observed():
            means = meaning(said)
            return (means,) if means else ()
        case tuple():
            return tuple(dict.fromkeys(means for each in said for means in explained(each)))
        case _:
            return ()
