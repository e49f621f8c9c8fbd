"""Who may change patients by HL7 v2 messages, and how (HL7 v2.5.1; MLLP of its Transport Specification)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pacs_hardening.fuzz import mllp
from pacs_hardening.model import Impact, Inapplicable, Missing, Severity, Target, control
from pacs_hardening.oracles.access import Failure, must_hold
from pacs_hardening.oracles.transport import must_refuse_plaintext
from pacs_hardening.oracles.ways import must_keep_within
from pacs_hardening.probes import plaintext
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.complaints import complaints
from pacs_hardening.run.exploring import ExploreMessages
from pacs_hardening.space.messages import bases
from pacs_hardening.wire import adt
from pacs_hardening.wire.endless import flood

REFUSED = "a negative acknowledgment (AE, AR), TLS alert or close"
BUFFERED = 16 << 20  # bytes that two systems and what is between them may hold, although nobody reads any more
MLLP = ("HL7 v2 Transport Specification, MLLP",)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="Names and identifiers cross the network in the clear: a port for HL7 messages talks without encryption.",
    needs=("hl7",),
    references=("PS3.15 B.12", "CWE-319", *MLLP),
)
def test_refuses_plaintext_mllp(target: Target, authorised: Authorised) -> None:
    """Every endpoint for HL7 messages MUST refuse to talk without TLS.

    HL7 v2 has no login: without a certificate, the name of a sender is all that is asked, and it stands in every
    message. Even a negative acknowledgment in the clear shows that the endpoint reads messages of anybody.

    anyone -> a message that names no patient, in plaintext; archive -> close or TLS alert.
    """
    settings = authorised.messaging()
    must_refuse_plaintext(seen for each in settings.endpoints for seen in plaintext.in_mllp(each, target, settings))
    for endpoint in settings.endpoints:
        authorised.hl7(endpoint)


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="Systems that nobody named can change patients by HL7 messages: names, identifiers, who is who.",
    needs=("hl7",),
    references=("CWE-290", "CWE-862", "HL7 v2.5.1 2.15.9"),
)
def test_refuses_unknown_senders(target: Target, authorised: Authorised, explore_messages: ExploreMessages) -> None:
    """The archive MUST refuse HL7 messages of a sender that it does not know by application and facility.

    Both stand in every message (MSH-3, MSH-4), and both are compared to the letter: what is longer or shorter, of other
    case, or holds the right name in another component, repetition or header is another sender.

    authorised certificate, a device's, or none -> a message of a test patient, each of some hundred other senders;
    archive -> AE, AR, TLS alert or close; authorised sender -> the same message; archive -> AA.
    """
    settings = authorised.messaging()
    found = explore_messages("senders of messages", bases.unknown(target, settings), 0.05)
    must_keep_within(REFUSED, found.causes)


@control(
    Severity.HIGH,
    Impact.WRITES,
    exposure="Any device with a certificate can pass itself off as the system that administers patients.",
    needs=("hl7",),
    references=("CWE-290", "HL7 v2.5.1 2.15.9"),
)
def test_binds_sender_to_certificate(target: Target, authorised: Authorised, explore_messages: ExploreMessages) -> None:
    """The archive MUST refuse HL7 messages under the name of a sender from whoever shows another's certificate.

    The name of a sender is no secret. What ties it to a machine is the certificate alone.

    each other certificate, and none -> a message with the sender's application and facility; archive -> AE, AR, TLS
    alert or close; authorised sender -> the same message; archive -> AA.
    """
    settings = authorised.messaging()
    bare = [endpoint for endpoint in settings.endpoints if not endpoint.tls]
    unbound = "has no TLS, so nothing ties a sender to a certificate"
    must_hold("senders tied to certificates", [(f"{endpoint} {unbound}", ()) for endpoint in bare])
    if not any(name.start.keys for name in bases.posing(target, settings)):
        raise Missing("the target names no node with another certificate than the sender's")
    found = explore_messages("posing senders of messages", bases.posing(target, settings), 0.05)
    must_keep_within(REFUSED, found.causes)


@control(
    Severity.CRITICAL,
    Impact.WRITES,
    exposure="Somebody who may not can merge two patients by one message: nobody can tell whose images are whose.",
    needs=("hl7",),
    references=("CWE-862", "CWE-863", "HL7 v2.5.1 3.3"),
)
def test_refuses_unauthorised_merges(target: Target, authorised: Authorised, explore_messages: ExploreMessages) -> None:
    """The archive MUST refuse messages that merge, move or renumber patients from whoever may not send them.

    That is everybody who may send nothing, and a sender who may update patients and no more. A merge goes by many
    events (A40, A47, A18, A34 ...), and what its type says is not changed by how it is written. A failure that speaks
    of patients shows that they were looked for.

    authorised sender, device, renamed sender -> each event with MRG, for two patients that nobody has; archive -> AR,
    AE, TLS alert or close; authorised sender -> the message that it may send; archive -> AA.
    """
    settings = authorised.messaging()
    for endpoint in settings.endpoints:  # of patients whom the archive knows, where it keeps any
        authorised.hl7(endpoint, replace(adt.Draft.of(settings), patient=adt.prior()))
    found = explore_messages("senders who merge", bases.merging(target, settings), 0.05)
    must_keep_within(REFUSED, found.causes)
    if settings.may_merge is None:
        raise Missing("the target does not say whether its sender may merge (hl7.may_merge)")


@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="A message that calls itself an update passes, although it says elsewhere that it merges patients.",
    needs=("hl7",),
    references=("CWE-436", "HL7 v2.5.1 2.15.9.9", "HL7 v2.5.1 3.3"),
)
def test_refuses_disguised_merges(target: Target, authorised: Authorised, explore_messages: ExploreMessages) -> None:
    """The archive MUST refuse a message whose type contradicts itself: an update by its event, a merge by the rest.

    Two systems that read the type by different parts do different things with it: what one lets pass, the next one
    behind it carries out.

    authorised sender, who may not merge -> ADT^A08^ADT_A39 with MRG, and others; archive -> AR or AE; authorised
    sender -> the message that it may send; archive -> AA.
    """
    settings = authorised.messaging()
    if settings.may_merge is None:
        raise Missing("the target does not say whether its sender may merge (hl7.may_merge)")
    if settings.may_merge:
        raise Inapplicable("the sender may merge")
    found = explore_messages("senders of disguised merges", bases.disguising(target, settings), 0.02)
    must_keep_within(REFUSED, found.causes)


ENDLESS = {  # how it begins, and what comes again and again
    "field": (b"NTE|1|L|", b"TEST "),
    "segments": (b"", b"NTE|1|L|TEST\r"),
}


@pytest.mark.parametrize("what", ENDLESS)
@control(
    Severity.MEDIUM,
    Impact.DISRUPTIVE,
    exposure="One message that does not end takes all the memory of the system that receives messages.",
    needs=("hl7",),
    references=("CWE-770", *MLLP),
)
def test_bounds_messages(target: Target, authorised: Authorised, what: str) -> None:
    """The archive MUST bound how long a message may be, and end the connection on which a longer one comes.

    A block says nowhere how long it is: whoever waits for its end without a limit keeps all that comes before.

    authorised sender -> one field, or segment after segment, without end; archive -> AR or close before much more than
    the limit has come; authorised sender -> the message that it may send; archive -> AA.
    """
    settings, keys = authorised.messaging(), authorised.sender_keys()
    begins, again = ENDLESS[what]
    failures = list[Failure]()
    for endpoint in settings.endpoints:
        head = adt.Draft.of(settings).encode() + begins
        taken = flood(endpoint, target, keys, head, again, settings.limit + BUFFERED)
        if not taken.ended:
            failures.append((f"{endpoint} has taken {taken.sent} bytes of a message", taken.transcript[-1:]))
        authorised.hl7(endpoint)
    must_hold(f"no more than {settings.limit} bytes of one message", failures)


@control(
    Severity.MEDIUM,
    Impact.WRITES,
    exposure="Names and identifiers of patients stand in errors, and so in the logs of whoever sends messages.",
    needs=("hl7",),
    references=("CWE-209", "HL7 v2.5.1 2.15.5"),
)
def test_keeps_patient_data_out_of_errors(authorised: Authorised) -> None:
    """The archive MUST tell no name and no identifier of a patient in an answer that refuses a message.

    An error says what is wrong and where (ERR-2, ERR-3), for which nobody has to repeat a value. Answers are logged by
    all that stand between, and kept longer than messages are; one to a stranger may hold what he did not know.

    authorised sender -> a test patient; archive -> AA; sender, stranger, device -> messages of that patient that
    cannot be processed; archive -> AE or AR without the patient's name and ID.
    """
    found = [each for endpoint in authorised.messaging().endpoints for each in complaints(authorised, endpoint)]
    said = [
        (f"{each.endpoint} answers {each.asked} with {len(each.values)} values of the patient", each.transcript)
        for each in found
    ]
    must_hold("errors without a patient's name or ID", said)


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="A few connections that stop within a message keep every other sender waiting.",
    needs=("hl7",),
    references=("CWE-400", *MLLP),
)
def test_serves_others_while_peer_stalls_mid_message(authorised: Authorised) -> None:
    """The archive MUST serve its sender while other peers have sent only a part of a message.

    peers -> half of a block, then nothing; authorised sender -> the message that it may send; archive -> AA.
    """
    endpoints = authorised.messaging().endpoints
    waiting = [said for endpoint in endpoints for said in mllp.kept_waiting(authorised, endpoint)]
    must_hold("the sender is served meanwhile", [(said, ()) for said in waiting])


@control(
    Severity.HIGH,
    Impact.DISRUPTIVE,
    exposure="A system that sends nonsense stops the one that receives messages: no other sender is served.",
    needs=("hl7",),
    references=("CWE-20", "CWE-611", "HL7 v2.5.1 2.5", *MLLP),
)
def test_survives_malformed_messages(authorised: Authorised) -> None:
    """The archive MUST survive malformed messages and blocks, and serve its sender after each of them.

    Blocks without beginning or end, delimiters that are none, segments without number, encodings that lie: a receiver
    that reads by what a message says of itself reads too much, or for too long.

    authorised sender -> some sixty messages, each with one thing wrong; archive -> any answer, close, or none;
    authorised sender, after each -> the message that it may send; archive -> AA.
    """
    failures = list[Failure]()
    for endpoint in authorised.messaging().endpoints:
        authorised.hl7(endpoint)
        failures += mllp.harmed(authorised, endpoint)
    must_hold("the sender is served after each", failures)
