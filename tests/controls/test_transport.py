"""TLS on every endpoint (PS3.15 B.12 / BCP 195: RFC 8996 and RFC 9325)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509

from pacs_hardening.model import (
    Endpoint,
    Impact,
    KeyPair,
    Missing,
    Severity,
    Target,
    control,
    twins,
)
from pacs_hardening.oracles.access import Failure, must_hold
from pacs_hardening.oracles.transport import must_be_tls, must_refuse_plaintext
from pacs_hardening.probes import plaintext
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.listeners import Listener, Protection
from pacs_hardening.probes.tls.certificate import presented
from pacs_hardening.probes.tls.handshake import handshake
from pacs_hardening.probes.tls.scan import TlsFacts
from pacs_hardening.profiles import Profile, published_keys

ENCRYPTION = ("PS3.15 B.12",)
OBSOLETE = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1")
Scan = Callable[[Endpoint], TlsFacts]
# Not here, because no setting of a server of today makes it fail, and a control that cannot fail proves nothing:
# compression (Debian's and Python's OpenSSL are built without it, TLS 1.3 has none: CVE-2012-4929), and the fallback
# signal of RFC 7507 (OpenSSL refuses it by itself; only SSL 3.0 to TLS 1.1 could be fallen back to, which are refused).


@twins(
    Severity.CRITICAL,
    Impact.PASSIVE,
    dimse="Images and names cross the network in the clear: a DICOM port talks without encryption.",
    http="Images and passwords cross the network in the clear: a web port talks without encryption.",
    references=ENCRYPTION,
)
def refuses_plaintext(service: str, target: Target) -> None:
    """Every {service} endpoint MUST refuse to talk without TLS.

    In plaintext there is no certificate either: an AE title, which is no secret, or a password that anybody can read
    is then all that is asked. Even an A-ASSOCIATE-RJ in the clear shows that the endpoint speaks plaintext DICOM; a
    redirect to https is a refusal.

    anyone -> A-ASSOCIATE-RQ, or GET, in plaintext; archive -> close, TLS alert, 400, or a redirect to https.
    """
    ask = plaintext.in_dicom if service == "dicom" else plaintext.in_http
    must_refuse_plaintext(seen for each in target.endpoints_of(service) for seen in ask(each, target))


test_refuses_plaintext_dimse, test_refuses_plaintext_http = refuses_plaintext


@twins(
    Severity.HIGH,
    Impact.PASSIVE,
    dimse="The DICOM port accepts encryption that has been broken for years.",
    http="The web port accepts encryption that has been broken for years.",
    references=(*ENCRYPTION, "RFC 8996"),
)
def refuses_obsolete_tls(service: str, target: Target, scan: Scan) -> None:
    """Every {service} endpoint MUST refuse SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1.

    client -> ClientHello of each old version, with every suite it ever had; archive -> TLS alert.
    """
    failures = []
    for endpoint in must_be_tls(target, service):
        spoken = [v for v in scan(endpoint).versions if v in OBSOLETE]
        if spoken:
            suites = [f"{v}: {', '.join(scan(endpoint).suites[v])}" for v in spoken]
            failures.append((f"{endpoint} accepts {' and '.join(spoken)}", suites))
    must_hold("no version before TLS 1.2", failures)


test_refuses_obsolete_tls_dimse, test_refuses_obsolete_tls_http = refuses_obsolete_tls


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Devices that follow the current standard cannot connect, and will ask for exceptions.",
    references=("PS3.15 B.12", "RFC 9325 3.1.1"),
)
def test_supports_tls12_and_tls13(target: Target, authorised: Authorised, scan: Scan) -> None:
    """Every TLS endpoint MUST offer TLS 1.2 and SHOULD offer TLS 1.3; this suite asks for both.

    client -> ClientHello of TLS 1.2, then of TLS 1.3; archive -> completes both.
    """
    failures = []
    for endpoint in must_be_tls(target, ""):
        missing = [v for v in ("TLS 1.2", "TLS 1.3") if v not in scan(endpoint).versions]
        if missing:
            spoken = ", ".join(scan(endpoint).versions)
            failures.append((f"{endpoint} lacks {' and '.join(missing)}", (f"{endpoint}: {spoken}",)))
    must_hold("TLS 1.2 and TLS 1.3", failures)
    _prove_each_service(target, authorised)


def _prove_each_service(target: Target, authorised: Authorised) -> None:
    if target.endpoints_of("dicom"):
        authorised.echo()
    if target.endpoints_of("web"):
        authorised.page()


@twins(
    Severity.HIGH,
    Impact.PASSIVE,
    dimse="The DICOM port accepts weak ciphers: recorded traffic may be read later.",
    http="The web port accepts weak ciphers: recorded traffic may be read later.",
    references=(*ENCRYPTION, "RFC 9325 4.2"),
)
def offers_only_profile_cipher_suites(service: str, target: Target, scan: Scan, profile: Profile) -> None:
    """Every {service} endpoint MUST accept only cipher suites of the profile: authenticated encryption and forward
    secrecy.

    client -> ClientHello with each suite alone; archive -> completes only those of the profile.
    """
    failures = []
    for endpoint in must_be_tls(target, service):
        suites = scan(endpoint).suites
        outside = [f"{s} ({v})" for v in suites for s in suites[v] if s not in profile.tls.cipher_suites]
        if outside:
            failures.append((f"{endpoint} accepts {', '.join(outside)}", outside))
    must_hold(f"only the suites of {profile.tls}", failures)


(
    test_offers_only_profile_cipher_suites_dimse,
    test_offers_only_profile_cipher_suites_http,
) = offers_only_profile_cipher_suites


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="Whoever records the traffic may compute its key later: it is agreed upon with too small numbers.",
    references=("PS3.15 B.12", "RFC 9325 4.1", "RFC 8422 5.1.1"),
)
def test_prefers_strong_key_exchange(target: Target, authorised: Authorised, scan: Scan, profile: Profile) -> None:
    """Every TLS endpoint MUST choose a strong group for the key exchange, whatever weak ones a client offers beside it.

    Elliptic curves of 256 bits or more, and 2048 bits or more where it is DHE.

    client -> ClientHello with weak groups first; archive -> chooses a group of the profile, or a TLS alert.
    """
    failures = []
    for endpoint in must_be_tls(target, ""):
        weak = [
            f"{group} of {bits or 'too few'} bits"
            for group, bits in scan(endpoint).exchanges
            if (bits < profile.tls.min_dhe_bits if group == "dhe" else group not in profile.tls.groups)
        ]
        if weak:
            failures.append((f"{endpoint} agrees upon keys with {', '.join(weak)}", weak))
    must_hold(f"only groups of {profile.tls}", failures)
    _prove_each_service(target, authorised)


@control(
    Severity.MEDIUM,
    Impact.PASSIVE,
    exposure="One client can keep the archive busy with handshakes, or slip a request of its own before another's.",
    references=("RFC 9325 3.5", "RFC 5746"),
)
def test_refuses_insecure_renegotiation(target: Target, authorised: Authorised, scan: Scan) -> None:
    """Every TLS endpoint that speaks TLS 1.2 MUST bind a renegotiation to its connection, and let no client begin one.

    client -> ClientHello within a connection; archive -> alert or close, and its ServerHello had renegotiation_info.
    """
    failures = []
    for endpoint in must_be_tls(target, ""):
        facts = scan(endpoint)
        if not facts.binds_renegotiation:
            failures.append((f"{endpoint} knows no secure renegotiation (RFC 5746)", ()))
        if facts.lets_renegotiate:
            failures.append((f"{endpoint} lets a client renegotiate", ()))
    must_hold("no renegotiation begun by a client", failures)
    for unmeasured in [scan(endpoint).unmeasured for endpoint in must_be_tls(target, "")]:
        if unmeasured:
            raise unmeasured
    _prove_each_service(target, authorised)


@pytest.mark.parametrize("service", ["dicom", "web"])
@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="Devices cannot tell the archive from an impostor: its certificate does not stand up.",
    references=(*ENCRYPTION, "RFC 9525"),
)
def test_presents_trusted_certificate(target: Target, authorised: Authorised, service: str, profile: Profile) -> None:
    """Every TLS endpoint MUST present a certificate that a careful client trusts.

    Chain to the hospital's CA, the name that clients use, valid today, and a key and a signature hash of the profile's
    strength: of the server's own certificate and of every other on the way to the CA, since who breaks one of them
    can sign for anybody. A certificate that devices must be told to ignore protects nobody.

    client -> ClientHello with the server's name; archive -> certificates that verify.
    """
    endpoints, failures = must_be_tls(target, service), list[Failure]()
    keys = authorised.node("all").keys if service == "dicom" else None
    for endpoint in endpoints:
        shown = presented(endpoint, target, keys)
        if shown.distrust:
            failures.append(((f"{endpoint}: ", shown.distrust), [_described(shown.certificate)]))
        for certificate in shown.chain:
            weak = profile.tls.weakness_of(certificate)
            if weak:
                failures.append((f"{endpoint}: {weak}", [_described(certificate)]))
    must_hold(f"certificates that verify, as strong as {profile.tls} asks", failures)
    _prove(service, authorised)


def _described(certificate: x509.Certificate) -> str:
    return f"subject {certificate.subject.rfc4514_string()}, valid to {certificate.not_valid_after_utc:%Y-%m-%d}"


def _prove(service: str, authorised: Authorised) -> None:
    if service == "dicom":
        authorised.echo()
    else:
        authorised.page()


@pytest.mark.parametrize("service", ["dicom", "web"])
@control(
    Severity.LOW,
    Impact.PASSIVE,
    exposure="A stolen key of the archive stays good for years, or for other hosts.",
    references=(*ENCRYPTION, "RFC 9525 7.1"),
)
def test_presents_limited_certificate(target: Target, authorised: Authorised, service: str, profile: Profile) -> None:
    """Every TLS endpoint SHOULD present a certificate that is limited: in time, and to hosts that it names.

    Nobody looks after a certificate of 30 years, or knows of the list of revoked ones when its key is lost. One for
    `*.hospital.example` lets whoever steals the key of the weakest host pose as the archive.

    client -> ClientHello; archive -> a certificate that is valid no longer than the profile allows, without wildcard.
    """
    endpoints, failures = must_be_tls(target, service), list[Failure]()
    keys = authorised.node("all").keys if service == "dicom" else None
    for endpoint in endpoints:
        shown = presented(endpoint, target, keys)
        if shown.lifetime > timedelta(days=profile.tls.max_validity_days):
            failures.append((f"{endpoint}: valid for {shown.lifetime.days} days", [_described(shown.certificate)]))
        if shown.wildcards:
            failures.append((f"{endpoint}: for {', '.join(shown.wildcards)}", [_described(shown.certificate)]))
    must_hold(f"at most {profile.tls.max_validity_days} days, and no wildcard", failures)
    _prove(service, authorised)


@pytest.mark.parametrize("service", ["dicom", "web"])
@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE can pose as the archive: its private key can be downloaded.",
    references=(*ENCRYPTION, "CWE-321"),
)
def test_presents_unpublished_private_key(target: Target, authorised: Authorised, service: str) -> None:
    """Every TLS endpoint MUST have a private key that is nobody else's: none that came with a product, test or
    tutorial.

    Such a key is the same in every hospital that kept it. Who has downloaded it reads and changes what is sent.

    client -> ClientHello; archive -> a certificate whose public key is none of the published ones.
    """
    endpoints, published, failures = must_be_tls(target, service), published_keys(), []
    keys = authorised.node("all").keys if service == "dicom" else None
    for endpoint in endpoints:
        fingerprint = presented(endpoint, target, keys).key_fingerprint
        if fingerprint in published:
            failures.append((f"{endpoint} has the key of {published[fingerprint]}", (f"public key {fingerprint}",)))
    must_hold("a private key that is published nowhere", failures)
    _prove(service, authorised)


@control(
    Severity.CRITICAL,
    Impact.ACTIVE,
    exposure="ANYONE can go around the protected endpoint: the archive also listens where there is less protection.",
    references=ENCRYPTION,
)
def test_protects_every_endpoint_alike(
    target: Target, authorised: Authorised, listeners: Callable[[], tuple[Listener, ...]]
) -> None:
    """The archive MUST NOT offer a service a second time with less protection than at its best endpoint, and nothing
    that no endpoint is known for to strangers.

    Asked at everything that the archive publishes; where that is not known, at the conventional ports of its hosts and
    those that the target names.

    anyone -> GET and A-ASSOCIATE-RQ, without and with TLS, without certificate; archive -> nothing that answers.
    """
    endpoints = {endpoint: _protection(endpoint, target, authorised) for endpoint in target.endpoints}
    best = {
        endpoint.service: max(p for d, p in endpoints.items() if d.service == endpoint.service)
        for endpoint in endpoints
    }
    failures: list[Failure] = [
        (
            f"{endpoint} is protected by {had.name.lower()}, another endpoint by {best[endpoint.service].name.lower()}",
            (),
        )
        for endpoint, had in endpoints.items()
        if had < best[endpoint.service]
    ]
    failures += [
        ((f"{found.endpoint}, which is not known as an endpoint, answered: ", found.served or found.observed), ())
        for found in listeners()
        if found.protection < best.get(found.endpoint.service, Protection.NOTHING) or found.served
    ]
    must_hold("no service with less protection than its best endpoint, and none that serves a stranger", failures)
    _prove_each_service(target, authorised)


def _protection(endpoint: Endpoint, target: Target, authorised: Authorised) -> Protection:
    if not endpoint.tls or endpoint.service == "web":
        return Protection.TLS if endpoint.tls else Protection.NOTHING
    return (
        Protection.TLS if handshake(endpoint, target, None, authorised.node("all")).accepted else Protection.CERTIFICATE
    )


@control(
    Severity.CRITICAL,
    Impact.PASSIVE,
    exposure="ANYONE can open a connection to the DICOM port: no certificate is asked for.",
    needs=("dicom",),
    references=ENCRYPTION,
)
def test_refuses_missing_client_certificate(target: Target, authorised: Authorised) -> None:
    """DICOM endpoints MUST refuse a TLS client that presents no certificate.

    Encryption without a client certificate hides the thief as well as the owner.

    client without certificate -> TLS handshake; archive -> TLS alert or close before any DICOM is spoken.
    """
    _refuses_client(None, target, authorised)


def _refuses_client(keys: KeyPair | None, target: Target, authorised: Authorised) -> None:
    results = {
        endpoint: handshake(endpoint, target, keys, authorised.node("all")) for endpoint in must_be_tls(target, "dicom")
    }
    must_hold(
        "TLS alert or close",
        [
            (
                f"{endpoint} completes the handshake in {' and '.join(each.version for each in result.accepted)}",
                [(f"{each.version}: ", each.refusal) for each in result.refused],
            )
            for endpoint, result in results.items()
            if result.accepted
        ],
    )
    authorised.echo()


DEFECTS = (
    *("self-signed", "unknown-ca", "expired", "not-yet-valid", "wrong-usage", "revoked"),
    *("without-key", "sha1", "rsa1024"),
)


@pytest.mark.parametrize("defect", DEFECTS)
@control(
    Severity.HIGH,
    Impact.PASSIVE,
    exposure="The DICOM port takes certificates that it has no reason to trust.",
    needs=("dicom",),
    references=(*ENCRYPTION, "RFC 5280 6"),
)
def test_refuses_untrusted_client_certificate(target: Target, authorised: Authorised, defect: str) -> None:
    """DICOM endpoints MUST refuse a client certificate that does not verify.

    Self-signed, of an unknown CA, expired, not yet valid, not meant for TLS clients, revoked, shown by somebody
    who has not its key, signed with SHA-1, or with an RSA key of 1024 bits: each carries the name of an
    authorised node, so that only the check of the certificate can tell.

    client with such a certificate -> TLS handshake; archive -> TLS alert or close before any DICOM is spoken.
    """
    if defect not in target.bad_keys:
        raise Missing(f"the target names no {defect} client certificate to try (bad_keys.{defect})")
    _refuses_client(target.bad_keys[defect], target, authorised)
