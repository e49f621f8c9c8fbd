"""TLS on every door (PS3.15 B.12 / BCP 195: RFC 8996 and RFC 9325)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pacs_hardening.model import Door, Impact, Inapplicable, KeyPair, Missing, Severity, Target, control
from pacs_hardening.oracle import must_be_tls, must_hold
from pacs_hardening.probes.authorised import Authorised
from pacs_hardening.probes.plaintext import speaks_dicom, speaks_http
from pacs_hardening.probes.tls import TlsFacts, handshake, presented
from pacs_hardening.profiles import Profile

ENCRYPTION = ("PS3.15 B.12",)
OBSOLETE = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1")
Scan = Callable[[Door], TlsFacts]


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
    doors = [door for door in target.doors if door.tls]
    if not doors:
        raise Inapplicable("the target has no TLS door")
    failures = []
    for door in doors:
        missing = [v for v in ("TLS 1.2", "TLS 1.3") if v not in scan(door).versions]
        if missing:
            spoken = ", ".join(scan(door).versions)
            failures.append((f"{door} lacks {' and '.join(missing)}", (f"{door}: {spoken}",)))
    must_hold("TLS 1.2 and TLS 1.3", failures)
    _prove_each_service(target, authorised)


def _prove_each_service(target: Target, authorised: Authorised) -> None:
    if target.doors_of("dicom"):
        authorised.echo()
    if target.doors_of("web"):
        authorised.page()


def _only_profile_suites(service: str, target: Target, scan: Scan, profile: Profile) -> None:
    failures = []
    for door in must_be_tls(target, service):
        suites = scan(door).suites
        outside = [f"{s} ({v})" for v in suites for s in suites[v] if s not in profile.cipher_suites]
        if outside:
            failures.append((f"{door} accepts {', '.join(outside)}", outside))
    must_hold(f"only the suites of {profile.title}", failures)


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
        wrong = shown.distrust or profile.weakness_of(leaf, datetime.now(UTC))
        if wrong:
            failures.append((f"{door}: {wrong}", evidence))
    must_hold("a certificate that verifies, as strong as the profile asks", failures)
    if service == "dicom":
        authorised.echo()
    else:
        authorised.page()


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

    Self-signed, of an unknown CA, expired, not yet valid, not meant for TLS clients, or revoked: each carries
    the name of an authorised node, so that only the check of the certificate can tell.

    client with such a certificate -> TLS handshake; archive -> TLS alert or close before any DICOM is spoken.
    """
    if defect not in target.bad_keys:
        raise Missing(f"the target names no {defect} client certificate to try (bad_keys.{defect})")
    _refuses_client(target.bad_keys[defect], target, authorised)
