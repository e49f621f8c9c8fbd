"""Which node may talk at all (PS3.8, PS3.7 D.3.3.7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from pacs_hardening.model import (
    Impact,
    Inapplicable,
    Missing,
    Node,
    Severity,
    Target,
    Violation,
    control,
)
from pacs_hardening.oracles.access import must_hold, must_refuse_association
from pacs_hardening.oracles.ways import must_serve_in_no_way
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.authorised.who import authorised_node
from pacs_hardening.probes.dicom.association import Peer, associate_as
from pacs_hardening.probes.dicom.negotiation import PRIVATE_SOP_CLASS, accepted_syntaxes, known_uids
from pacs_hardening.probes.unauthorised import demand_stranger, posing, strangers
from pacs_hardening.probes.web.request import ask
from pacs_hardening.run.exploring import Explore
from pacs_hardening.space import people
from pacs_hardening.wire import operations, pdu, scu

SPOOFING = ("CWE-290",)


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE who reaches the DICOM port is let in, whatever name they give.",
    needs=("dicom",),
    references=(*SPOOFING, "PS3.8 9.3.4"),
)
def test_refuses_unknown_calling_ae(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse an association from a node that it does not know.

    Whoever gets an association has a foot in the endpoint: every service behind it is then one setting away.

    stranger -> A-ASSOCIATE-RQ; archive -> A-ASSOCIATE-RJ, A-ABORT, TLS alert or close.
    """
    demand = [operations.echo(), *map(operations.find, operations.FIND), operations.get(), operations.move("X-NOBODY")]
    node = authorised_node(target)
    unknown = [(endpoint, peer) for endpoint, peer in strangers(target) if peer.aet != node.aet.encode()]
    renamed = [each for each in target.nodes.values() if each.permits and (each.keys or each is node)]
    unknown += [(endpoint, _renamed(each)) for endpoint in target.endpoints_of("dicom") for each in renamed]
    called = target.called_aet.encode()
    must_refuse_association(
        associate_as(target, peer, endpoint=endpoint, request=scu.request_for(called, peer.aet, peer.identity, *asked))
        for asked in (demand, authorised.usual()[-1:])  # the latter where all of it is too much for an association
        if asked
        for endpoint, peer in unknown
    )
    demand_stranger(target)
    authorised.echo()


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The archive answers to any name, so a scan finds it without knowing how it is called.",
    needs=("dicom",),
    references=("PS3.8 9.3.4",),
)
def test_refuses_wrong_called_ae(target: Target) -> None:
    """The archive MUST refuse an association that calls it by another AE title.

    A scanner does not know the archive's name; a peer configured for another system should not be served.

    authorised node -> A-ASSOCIATE-RQ, called AE title WRONG; archive -> A-ASSOCIATE-RJ (1, 1, 7).
    """
    peer = Peer.of(authorised_node(target))
    request = scu.request_for(b"NOT-THIS-ONE", peer.aet, peer.identity, operations.echo())
    must_refuse_association([associate_as(target, peer, request=request)])


def _renamed(node: Node) -> Peer:
    label = f"{'the certificate of ' if node.keys else ''}node '{node.name}', with an AE title of nobody"
    return Peer(label, b"X-NOBODY", node.keys, node.identity)


MALFORMED: dict[str, Callable[[bytes], bytes]] = {
    "blank": lambda aet: b" " * 16,
    "null-padded": lambda aet: aet.ljust(16, b"\0"),
    "control-character": lambda aet: b"\x1b" + aet[1:],
    "backslash": lambda aet: aet[:7] + b"\\" + aet[:7],
    "wildcard": lambda aet: aet[:1] + b"*",
    "other-case": lambda aet: aet.swapcase(),
}


@pytest.mark.parametrize("defect", MALFORMED)
@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Names that merely look like those of an authorised device are taken for it.",
    needs=("dicom",),
    references=("PS3.5 6.2 (VR AE)", "PS3.8 9.3.2"),
)
def test_refuses_malformed_ae_titles(target: Target, defect: str) -> None:
    """The archive MUST refuse a calling AE title that is malformed, or only resembles one that it knows.

    An AE title holds up to 16 characters of the default repertoire without backslash and control characters,
    is not blank, and its case matters (PS3.5 6.2). Loose comparison widens the allow-list.

    authorised certificate -> A-ASSOCIATE-RQ, altered calling AE title; archive -> refusal.
    """
    node = authorised_node(target)
    peer = Peer(f"AE title that is {defect}", MALFORMED[defect](node.aet.encode()), node.keys, node.identity)
    # DCMTK leaves half of these without an answer, and one after the other: side by side they would block its threads.
    must_refuse_association([associate_as(target, peer, seconds=3)])


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Names that merely look like those of an authorised device are taken for it.",
    needs=("dicom",),
    references=("PS3.5 6.2 (VR AE)", "PS3.8 9.3.2"),
)
def test_refuses_other_names_in_every_way(target: Target, explore: Explore) -> None:
    """The archive MUST refuse an authorised certificate under any AE title but its own.

    What is longer or shorter, of other case, with other characters around it or in it is another name.

    authorised certificate -> A-ASSOCIATE-RQ, each of some hundred other calling AE titles; archive -> refusal.
    """
    must_serve_in_no_way(explore("a node under other names", people.renamed(target), 0.05).causes)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="One device can pass itself off as another: AE titles are not tied to certificates.",
    needs=("dicom",),
    references=SPOOFING,
)
def test_binds_ae_title_to_certificate(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse a node that presents its own certificate with the AE title of another node.

    Otherwise the least trusted device with a certificate can act as the most trusted one, and no log tells.

    each certificate -> A-ASSOCIATE-RQ with the AE title of each other node, at each endpoint; archive -> refusal.
    """
    bare = [endpoint for endpoint in target.endpoints_of("dicom") if not endpoint.tls]
    unbound = "has no TLS, so nothing ties a name to a node"
    must_hold("AE titles tied to certificates", [(f"{endpoint} {unbound}", ()) for endpoint in bare])
    pairs = list(posing(target))
    if not pairs:
        raise Missing("the target names no two nodes with certificates of their own")
    must_refuse_association(associate_as(target, peer, endpoint=endpoint) for endpoint, peer in pairs)
    demand_stranger(target)
    authorised.echo()
    for role, node in target.nodes.items():
        if node.keys is not None and "echo" in node.permits:
            authorised.echo(role)


# Factory settings printed in the manuals of these products; none of them is a secret.
FACTORY = (
    *["ORTHANC", "DCM4CHEE", "STORESCP", "ANY-SCP", "ANYSCP", "STORESCU", "FINDSCU", "MOVESCU", "ECHOSCU"],
    *["GETSCU", "OSIRIX", "HOROS", "CONQUESTSRV1", "DICOOGLE-STORAGE", "PACS", "DCMQRSCP", "ACME1"],
)


@control(
    Severity.HIGH,
    Impact.ACTIVE,
    exposure="A factory AE title, printed in every manual, opens the archive.",
    needs=("dicom",),
    references=("CWE-1188",),
)
def test_refuses_guessed_ae_titles(target: Target) -> None:
    """The archive MUST refuse AE titles that are factory settings of common products.

    They are the first names that a scanner tries (nmap's dicom-brute does), with or without a certificate.

    stranger -> A-ASSOCIATE-RQ with each title of a short public list; archive -> refusal.
    """
    own = [node.aet for node in target.nodes.values() if node.aet in FACTORY and node.permits]
    if own:
        raise Violation("AE titles of the site's own", f"an authorised node goes by {own[0]}", own)
    must_refuse_association(
        associate_as(target, Peer(f"guess {title}, {stranger.label}", title.encode(), stranger.keys), endpoint=endpoint)
        for endpoint, stranger in strangers(target)
        for title in FACTORY
    )
    demand_stranger(target)


IDENTITIES: dict[str, Callable[[bytes], tuple[bytes, ...]]] = {
    "missing": lambda name: (),
    "wrong-passcode": lambda name: (pdu.user_identity(2, name, b"not-the-passcode"),),
    "empty-passcode": lambda name: (pdu.user_identity(2, name, b""),),
    "name-only": lambda name: (pdu.user_identity(1, name),),
    "forged-jwt": lambda name: (pdu.user_identity(5, b"eyJhbGciOiJub25lIn0.e30."),),
}


@pytest.mark.parametrize("defect", IDENTITIES)
@control(
    Severity.HIGH,
    Impact.ACTIVE,
    exposure="Users of a workstation are not asked who they are.",
    needs=("dicom",),
    references=("PS3.7 D.3.3.7",),
)
def test_requires_user_identity(target: Target, authorised: Authorised, defect: str) -> None:
    """Where the archive uses user identity negotiation, it MUST refuse one that is missing, wrong or empty.

    An acceptor may ignore the sub-item, so acceptance alone proves nothing: a positive response is requested,
    and the authorised node must get it (PS3.7 D.3.3.7.2).

    authorised node -> A-ASSOCIATE-RQ without a valid identity; archive -> A-ASSOCIATE-RJ.
    """
    node = authorised.node("all")
    if node.identity is None:
        _must_ignore_identities(target, node)
        raise Inapplicable("the target takes no user identity into account, whoever gives one")
    peer = Peer(f"node 'all' with user identity {defect}", node.aet.encode(), node.keys)
    items = IDENTITIES[defect](node.identity.username.encode())
    bare = scu.request_for(target.called_aet.encode(), peer.aet, None, operations.echo())
    request = replace(bare, user_items=items)
    must_refuse_association([associate_as(target, peer, request=request)])
    proof = authorised.succeeds(operations.echo())
    if proof.accepted is None or not proof.accepted.identity_answered:
        raise Violation("a positive response (59H) to the authorised identity", "none: the identity is ignored")


def _must_ignore_identities(target: Target, node: Node) -> None:
    """Raises Missing where the archive refuses an authorised node for its user identity, or answers it: then it uses
    them, and the target names none."""
    peer = Peer("node 'all' with a made-up user identity", node.aet.encode(), node.keys)
    bare = scu.request_for(target.called_aet.encode(), peer.aet, None, operations.echo())
    request = replace(bare, user_items=IDENTITIES["wrong-passcode"](b"nobody"))
    accepted = associate_as(target, peer, request=request).accepted
    if accepted is None or accepted.identity_answered:
        raise Missing("the target uses user identities, and its file names none (nodes.all.identity)")


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The archive takes in kinds of objects that nobody asked it to hold.",
    needs=("dicom",),
    references=("PS3.8 9.3.3.2",),
)
def test_accepts_only_declared_sop_classes(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse presentation contexts for storage SOP classes that it does not declare.

    Each further class is a parser that a hostile object can reach.

    authorised node -> every storage class of PS3.6 and a private one; archive -> accepts the declared ones only.
    """
    if not target.sop_classes:
        raise Missing("the target declares no sop_classes to compare with")
    candidates = (*known_uids("SOP Class"), PRIVATE_SOP_CLASS)
    undeclared = [(uid, (pdu.IMPLICIT_LE, pdu.EXPLICIT_LE)) for uid in candidates if uid not in target.sop_classes]
    accepted = accepted_syntaxes(target, Peer.of(authorised.node("all")), undeclared, authorised.granted())
    if accepted:
        raise Violation("none of the undeclared SOP classes accepted", f"{len(accepted)} accepted", accepted[:8])
    authorised.store()


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="The archive takes in encodings that nobody asked it to read.",
    needs=("dicom",),
    references=("PS3.8 9.3.3.2",),
)
def test_accepts_only_declared_transfer_syntaxes(target: Target, authorised: Authorised) -> None:
    """The archive MUST refuse transfer syntaxes that it does not declare.

    Each further one is a decoder that a hostile image can reach, and decoders are where memory errors live.

    authorised node -> every transfer syntax of PS3.6; archive -> accepts the declared ones only.
    """
    if not target.transfer_syntaxes or not target.sop_classes:
        raise Missing("the target declares no transfer_syntaxes to compare with")
    candidates = [uid for uid in known_uids("Transfer Syntax") if uid not in target.transfer_syntaxes]
    stores = [uid for uid in target.sop_classes if uid in known_uids("SOP Class")]
    accepted = accepted_syntaxes(
        target,
        Peer.of(authorised.node("all")),
        [(store, (uid,)) for store in stores for uid in candidates],
        authorised.granted(),
    )
    if accepted:
        raise Violation("none of the undeclared transfer syntaxes accepted", f"{len(accepted)} accepted", accepted[:8])
    authorised.store()


@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="The archive talks to peers that do not speak DICOM's application protocol.",
    needs=("dicom",),
    references=("PS3.7 A.2.1", "PS3.8 9.3.4"),
)
def test_refuses_unknown_application_context(target: Target) -> None:
    """The archive MUST refuse an association with an application context name other than DICOM's.

    authorised node -> A-ASSOCIATE-RQ with application context 1.2.3; archive -> A-ASSOCIATE-RJ (1, 1, 2).
    """
    peer = Peer.of(authorised_node(target))
    request = scu.request_for(target.called_aet.encode(), peer.aet, peer.identity, operations.echo())
    must_refuse_association([associate_as(target, peer, request=replace(request, application_context=b"1.2.3"))])


@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="The archive talks to peers that do not speak its version of the protocol.",
    needs=("dicom",),
    references=("PS3.8 9.3.2", "PS3.8 9.3.4"),
)
def test_refuses_unknown_protocol_version(target: Target) -> None:
    """The archive MUST refuse an association that does not offer version 1 of the upper layer protocol.

    authorised node -> A-ASSOCIATE-RQ with protocol version bits 0002H; archive -> A-ASSOCIATE-RJ (1, 2, 2).
    """
    peer = Peer.of(authorised_node(target))
    request = scu.request_for(target.called_aet.encode(), peer.aet, peer.identity, operations.echo())
    must_refuse_association([associate_as(target, peer, request=replace(request, protocol_version=2))])


VERSION = re.compile(r"[A-Za-z][\w-]*[ /_-]?v?\d+(\.\d+|\d\d)")  # "Product 1.13.0", "Product/3.2", "DCMTK_370"


@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="Anyone can see which product and version runs here, and look up its vulnerabilities.",
    references=("PS3.7 D.3.3.2",),
)
def test_reveals_no_product_version(target: Target, authorised: Authorised) -> None:
    """The archive MUST NOT tell its product version to somebody who is not authorised.

    The implementation version name, the HTTP Server header and error pages are what scanners index.

    stranger -> association, GET / and GET of a page that does not exist; archive -> nothing with a version in it.
    """
    seen = [
        ("implementation version name", a.accepted.version_name)
        for a in (associate_as(target, peer, endpoint=endpoint) for endpoint, peer in strangers(target))
        if a.accepted is not None
    ]
    for endpoint in target.endpoints_of("web"):
        for path in ("/", "/no-such-page"):
            answer = ask(target, path, endpoint=endpoint).answer
            if answer is not None:
                names = ("server", "x-powered-by", "x-aspnet-version", "via", "www-authenticate")
                seen += [(f"header {n} of GET {path}", answer.headers.get(n, "")) for n in names]
                seen.append((f"body of GET {path}", answer.body[:4096].decode("latin-1")))
    for where, text in seen:
        match = VERSION.search(text)
        if match:
            raise Violation("no product version", f"{match.group()!r} in {where}", (f"{where}: {match.group()}",))
    if target.endpoints_of("dicom"):
        authorised.echo()
    if target.endpoints_of("web"):
        authorised.page()
