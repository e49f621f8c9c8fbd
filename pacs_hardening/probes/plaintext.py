"""Probe: does a door talk without TLS? Asked of every door, also of those that are said to have TLS."""

from __future__ import annotations

from dataclasses import replace

from ..model import Door, Target, Unmeasurable
from ..wire import pdu, scu
from ..wire.http import Oversized, request
from ..wire.operations import echo
from ..wire.session import Refused, Session, Silent


def speaks_dicom(door: Door, target: Target) -> str:
    """What the door answers to an A-ASSOCIATE-RQ in plaintext; "" where it refuses to talk.

    Raises Unmeasurable on silence and on answers that are neither DICOM nor TLS.
    """
    node = target.nodes.get("all")
    calling = node.aet.encode() if node else b"ANY-SCU"
    rq = scu.request_for(target.called_aet.encode(), calling, None, echo())
    try:
        with Session(door, None, name=target.server_name) as session:
            session.send(rq.encode(), "A-ASSOCIATE-RQ in plaintext")
            kind, body = session.receive("plaintext")
            return pdu.name(kind, body)
    except Refused as refusal:
        return refusal.how if refusal.how.startswith("A-") else ""
    except (Silent, pdu.ProtocolError) as error:
        raise Unmeasurable(f"{door} in plaintext: {error}") from error


def speaks_http(door: Door, target: Target) -> str:
    """What the door answers to HTTP requests in plaintext, for ``/`` and every named route; "" where it refuses
    to talk, or sends all of them on to https.

    On a door that is said to have TLS, 400 and 426 are how web servers say "TLS only". Raises Unmeasurable on
    silence, and on answers that are neither HTTP nor TLS.
    """
    plain = replace(door, tls=False)
    for path in ("/", *(path for path in target.routes.values() if path)):
        try:
            answer = request(plain, "GET", path.partition("{")[0], None, name=target.server_name)
        except Refused:
            continue
        except Oversized as endless:
            return str(endless)
        except pdu.ProtocolError as error:
            if "\\x15\\x03" in str(error):  # a TLS alert record, see Session.receive
                continue
            raise Unmeasurable(f"{door} in plaintext: {error}") from error
        except Silent as silence:
            raise Unmeasurable(f"{door} in plaintext: {silence}") from silence
        if door.tls and answer.status in (400, 426):
            continue
        if answer.status in (301, 302, 307, 308) and answer.headers.get("location", "").startswith("https://"):
            continue
        return f"GET {path} with HTTP {answer.status}"
    return ""
