"""TLS on every door (PS3.15 B.12 / BCP 195: RFC 8996 and RFC 9325)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pacs_hardening.model import Door, Impact, Inapplicable, KeyPair, Missing, Severity, Target, Unmeasurable, control
from pacs_hardening.oracle import must_be_tls, must_hold
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.listeners import Listener, Protection
from pacs_hardening.probes.plaintext import speaks_dicom, speaks_http
from pacs_hardening.probes.scan import TlsFacts
from pacs_hardening.probes.tls import handshake, presented
from pacs_hardening.profiles import Profile, published_keys

ENCRYPTION = ("PS3.15 B.12",)
OBSOLETE = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1")
Scan = Callable[[Door], TlsFacts]
# Not here, because no setting of a server of today makes it fail, and a control that cannot fail proves nothing:
# compression (Debian's and Python's OpenSSL are built without it, TLS 1.3 has none: CVE-2012-4929), and the fallback
# signal of RFC 7507 (OpenSSL refuses it by itself; only SSL 3.0 to TLS 1.1 could be fallen back to, which are refused).


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="Images and names cross the network in the clear: a DICOM port talks without encryption.",
    needs=("dicom",),
    references=ENCRYPTION,
)
def test_refuses_plaintext_dimse(target: Target, authorised: Authorised) -> None:
    """Every DICOM door MUST refuse to talk without TLS.

    In plaintext there is no certificate either: an AE title, which is no secret, is then all that is asked.
    Even an A-ASSOCIATE-RJ in the clear shows that the door speaks plaintext DICOM.

    anyone -> A-ASSOCIATE-RQ in plaintext; archive -> close, or a TLS alert.
    """
    answers = {door: speaks_dicom(door, target) for door in target.doors_of("dicom")}
    failures = [(f"{door} answered {said}", ()) for door, said in answers.items() if said]
    must_hold("no DICOM PDU in plaintext", failures)
    authorised.echo()


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="Images and passwords cross the network in the clear: a web port talks without encryption.",
    needs=("web",),
    references=ENCRYPTION,
)
def test_refuses_plaintext_http(target: Target, authorised: Authorised) -> None:
    """Every web door MUST refuse to talk HTTP without TLS; a redirect to https is a refusal.

    anyone -> GET / in plaintext; archive -> close, TLS alert, 400, or a redirect to https.
    """
    answers = {door: speaks_http(door, target) for door in target.doors_of("web")}
    must_hold(
        "no HTTP answer in plaintext", [(f"{door} answered {said}", ()) for door, said in answers.items() if said]
    )
    authorised.page()


def _no_obsolete_version(service: str, target: Target, scan: Scan) -> None:
    failures = []
    for door in must_be_tls(target, service):
        spoken = [v for v in scan(door).versions if v in OBSOLETE]
        if spoken:
            suites = [f"{v}: {', '.join(scan(door).suites[v])}" for v in spoken]
            failures.append((f"{door} accepts {' and '.join(spoken)}", suites))
    must_hold("no version before TLS 1.2", failures)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The DICOM port accepts encryption that has been broken for years.",
    needs=("dicom",),
    references=(*ENCRYPTION, "RFC 8996"),
)
def test_refuses_obsolete_tls_dimse(target: Target, authorised: Authorised, scan: Scan) -> None:
    """DICOM doors MUST refuse SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1.

    client -> ClientHello of each old version, with every suite it ever had; archive -> TLS alert.
    """
    _no_obsolete_version("dicom", target, scan)
    authorised.echo()


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The web port accepts encryption that has been broken for years.",
    needs=("web",),
    references=(*ENCRYPTION, "RFC 8996"),
)
def test_refuses_obsolete_tls_http(target: Target, authorised: Authorised, scan: Scan) -> None:
    """Web doors MUST refuse SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1.

    client -> ClientHello of each old version, with every suite it ever had; archive -> TLS alert.
    """
    _no_obsolete_version("web", target, scan)
    authorised.page()


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Devices that follow the current standard cannot connect, and will ask for exceptions.",
    references=("PS3.15 B.12", "RFC 9325 3.1.1"),
)
def test_supports_tls12_and_tls13(target: Target, authorised: Authorised, scan: Scan) -> None:
    """Every TLS door MUST offer TLS 1.2 and SHOULD offer TLS 1.3; this suite asks for both.

    client -> ClientHello of TLS 1.2, then of TLS 1.3; archive -> completes both.
    """
    failures = []
    for door in _tls_doors(target):
        missing = [v for v in ("TLS 1.2", "TLS 1.3") if v not in scan(door).versions]
        if missing:
            spoken = ", ".join(scan(door).versions)
            failures.append((f"{door} lacks {' and '.join(missing)}", (f"{door}: {spoken}",)))
    must_hold("TLS 1.2 and TLS 1.3", failures)
    _prove_each_service(target, authorised)


def _tls_doors(target: Target) -> list[Door]:
    doors = [door for door in target.doors if door.tls]
    if not doors:
        raise Inapplicable("the target has no TLS door")
    return doors


def _prove_each_service(target: Target, authorised: Authorised) -> None:
    if target.doors_of("dicom"):
        authorised.echo()
    if target.doors_of("web"):
        authorised.page()


def _only_profile_suites(service: str, target: Target, scan: Scan, profile: Profile) -> None:
    failures = []
    for door in must_be_tls(target, service):
        suites = scan(door).suites
        outside = [f"{s} ({v})" for v in suites for s in suites[v] if s not in profile.tls.cipher_suites]
        if outside:
            failures.append((f"{door} accepts {', '.join(outside)}", outside))
    must_hold(f"only the suites of {profile.tls}", failures)


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The DICOM port accepts weak ciphers: recorded traffic may be read later.",
    needs=("dicom",),
    references=(*ENCRYPTION, "RFC 9325 4.2"),
)
def test_offers_only_profile_cipher_suites_dimse(
    target: Target, authorised: Authorised, scan: Scan, profile: Profile
) -> None:
    """DICOM doors MUST accept only cipher suites of the profile: authenticated encryption and forward secrecy.

    client -> ClientHello with each suite alone; archive -> completes only those of the profile.
    """
    _only_profile_suites("dicom", target, scan, profile)
    authorised.echo()


@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The web port accepts weak ciphers: recorded traffic may be read later.",
    needs=("web",),
    references=(*ENCRYPTION, "RFC 9325 4.2"),
)
def test_offers_only_profile_cipher_suites_http(
    target: Target, authorised: Authorised, scan: Scan, profile: Profile
) -> None:
    """Web doors MUST accept only cipher suites of the profile: authenticated encryption and forward secrecy.

    client -> ClientHello with each suite alone; archive -> completes only those of the profile.
    """
    _only_profile_suites("web", target, scan, profile)
    authorised.page()


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Whoever records the traffic may compute its key later: it is agreed upon with too small numbers.",
    references=("PS3.15 B.12", "RFC 9325 4.1", "RFC 8422 5.1.1"),
)
def test_prefers_strong_key_exchange(target: Target, authorised: Authorised, scan: Scan, profile: Profile) -> None:
    """Every TLS door MUST choose a strong group for the key exchange, whatever weak ones a client offers beside it.

    Elliptic curves of 256 bits or more, and 2048 bits or more where it is DHE.

    client -> ClientHello with weak groups first; archive -> chooses a group of the profile, or a TLS alert.
    """
    failures = []
    for door in _tls_doors(target):
        weak = [
            f"{group} of {bits or 'too few'} bits"
            for group, bits in scan(door).exchanges
            if (bits < profile.tls.min_dhe_bits if group == "dhe" else group not in profile.tls.groups)
        ]
        if weak:
            failures.append((f"{door} agrees upon keys with {', '.join(weak)}", weak))
    must_hold(f"only groups of {profile.tls}", failures)
    _prove_each_service(target, authorised)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="One client can keep the archive busy with handshakes, or slip a request of its own before another's.",
    references=("RFC 9325 3.5", "RFC 5746"),
)
def test_refuses_insecure_renegotiation(target: Target, authorised: Authorised, scan: Scan) -> None:
    """Every TLS door that speaks TLS 1.2 MUST bind a renegotiation to its connection, and let no client begin one.

    client -> ClientHello within a connection; archive -> alert or close, and its ServerHello had renegotiation_info.
    """
    failures = []
    for door in _tls_doors(target):
        facts = scan(door)
        if not facts.binds_renegotiation:
            failures.append((f"{door} knows no secure renegotiation (RFC 5746)", ()))
        if facts.lets_renegotiate:
            failures.append((f"{door} lets a client renegotiate", ()))
    must_hold("no renegotiation begun by a client", failures)
    for unmeasured in [scan(door).unmeasured for door in _tls_doors(target)]:
        if unmeasured:
            raise Unmeasurable(unmeasured)
    _prove_each_service(target, authorised)


@pytest.mark.parametrize("service", ["dicom", "web"])
@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="Devices cannot tell the archive from an impostor: its certificate does not stand up.",
    references=(*ENCRYPTION, "RFC 9525"),
)
def test_presents_trusted_certificate(target: Target, authorised: Authorised, service: str, profile: Profile) -> None:
    """Every TLS door MUST present a certificate that a careful client trusts.

    Chain to the hospital's CA, the name that clients use, valid today, a key and a signature hash of the
    profile's strength. A certificate that devices must be told to ignore protects nobody.

    client -> ClientHello with the server's name; archive -> a certificate that verifies.
    """
    keys = authorised.node("all").keys if service == "dicom" else None
    failures = []
    for door in must_be_tls(target, service):
        shown = presented(door, target, keys)
        leaf = shown.certificate
        evidence = [f"subject {leaf.subject.rfc4514_string()}, valid to {leaf.not_valid_after_utc:%Y-%m-%d}"]
        wrong = shown.distrust or profile.tls.weakness_of(leaf, datetime.now(UTC))
        if wrong:
            failures.append((f"{door}: {wrong}", evidence))
    must_hold(f"a certificate that verifies, as strong as {profile.tls} asks", failures)
    if service == "dicom":
        authorised.echo()
    else:
        authorised.page()


@pytest.mark.parametrize("service", ["dicom", "web"])
@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE can pose as the archive: its private key can be downloaded.",
    references=(*ENCRYPTION, "CWE-321"),
)
def test_presents_private_key_of_its_own(target: Target, authorised: Authorised, service: str) -> None:
    """Every TLS door MUST have a private key that is nobody else's: none that came with a product, test or tutorial.

    Such a key is the same in every hospital that kept it. Who has downloaded it reads and changes what is sent.

    client -> ClientHello; archive -> a certificate whose public key is none of the published ones.
    """
    keys = authorised.node("all").keys if service == "dicom" else None
    published, failures = published_keys(), []
    for door in must_be_tls(target, service):
        fingerprint = presented(door, target, keys).key_fingerprint
        if fingerprint in published:
            failures.append((f"{door} has the key of {published[fingerprint]}", (f"public key {fingerprint}",)))
    must_hold("a private key that is published nowhere", failures)
    if service == "dicom":
        authorised.echo()
    else:
        authorised.page()


@control(
    Severity.CRITICAL,
    Impact.ACTIVE,
    exposure="ANYONE can go around the protected door: the archive also listens where there is less protection.",
    references=ENCRYPTION,
)
def test_keeps_no_second_door(
    target: Target, authorised: Authorised, listeners: Callable[[], tuple[Listener, ...]]
) -> None:
    """The archive MUST NOT offer a service a second time with less protection than at its best door.

    Asked at everything that the archive publishes; where that is not known, at the conventional ports of its hosts.

    anyone -> GET and A-ASSOCIATE-RQ, without and with TLS, without certificate; archive -> nothing that answers.
    """
    doors = {door: _protection(door, target, authorised) for door in target.doors}
    best = {door.service: max(p for d, p in doors.items() if d.service == door.service) for door in doors}
    failures = [
        (f"{door} is protected by {had.name.lower()}, another door by {best[door.service].name.lower()}", ())
        for door, had in doors.items()
        if had < best[door.service]
    ]
    failures += [
        (f"{found.door}, which is not known as a door, answered {found.said}", ())
        for found in listeners()
        if found.protection < best.get(found.door.service, Protection.NOTHING)
    ]
    must_hold("no service with less protection than its best door", failures)
    _prove_each_service(target, authorised)


def _protection(door: Door, target: Target, authorised: Authorised) -> Protection:
    if not door.tls or door.service == "web":
        return Protection.TLS if door.tls else Protection.NOTHING
    return Protection.TLS if handshake(door, target, None, authorised.node("all")).accepted else Protection.CERTIFICATE


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE can open a connection to the DICOM port: no certificate is asked for.",
    needs=("dicom",),
    references=ENCRYPTION,
)
def test_refuses_missing_client_certificate(target: Target, authorised: Authorised) -> None:
    """DICOM doors MUST refuse a TLS client that presents no certificate.

    Encryption without a client certificate hides the thief as well as the owner.

    client without certificate -> TLS handshake; archive -> TLS alert or close before any DICOM is spoken.
    """
    _refuses_client(None, target, authorised)


def _refuses_client(keys: KeyPair | None, target: Target, authorised: Authorised) -> None:
    results = {door: handshake(door, target, keys, authorised.node("all")) for door in must_be_tls(target, "dicom")}
    must_hold(
        "TLS alert or close",
        [
            (
                f"{door} completes the handshake in {' and '.join(result.accepted)}",
                (str(result.refused or "no refusal"),),
            )
            for door, result in results.items()
            if result.accepted
        ],
    )
    authorised.echo()


DEFECTS = ("self-signed", "unknown-ca", "expired", "not-yet-valid", "wrong-usage", "revoked")
DEFECTS += ("without-key", "sha1", "rsa1024")


@pytest.mark.parametrize("defect", DEFECTS)
@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The DICOM port takes certificates that it has no reason to trust.",
    needs=("dicom",),
    references=(*ENCRYPTION, "RFC 5280 6"),
)
def test_refuses_untrusted_client_certificate(target: Target, authorised: Authorised, defect: str) -> None:
    """DICOM doors MUST refuse a client certificate that does not verify.

    Self-signed, of an unknown CA, expired, not yet valid, not meant for TLS clients, revoked, shown by somebody
    who has not its key, signed with SHA-1, or with an RSA key of 1024 bits: each carries the name of an
    authorised node, so that only the check of the certificate can tell.

    client with such a certificate -> TLS handshake; archive -> TLS alert or close before any DICOM is spoken.
    """
    if defect not in target.bad_keys:
        raise Missing(f"the target names no {defect} client certificate to try (bad_keys.{defect})")
    _refuses_client(target.bad_keys[defect], target, authorised)
