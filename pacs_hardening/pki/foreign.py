"""Client certificates that no archive may take, made for a target whose own CA is somebody else's."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..model import KeyPair, Target
from . import certificates
from .authority import BY_DEVICE, write_pair
from .certificates import Authority, Leaf, PrivateKey


def foreign(target: Target, folder: Path) -> dict[str, KeyPair]:
    """By defect (see ``Target.bad_keys``), in ``folder``: self-signed, of a CA that bears the name of the target's, and
    issued by a device as if it were a CA. All bear the name of node ``all``, so that nothing but the defect can refuse
    them; empty where it has none."""
    node = target.nodes.get("all")
    if node is None or node.keys is None or not (name := _common_name(node.keys.certificate)):
        return {}
    leaf, key, other = Leaf(name, ExtendedKeyUsageOID.CLIENT_AUTH), certificates.new_key(), certificates.new_key()
    issuer = certificates.authority(name=_subject(target.ca))
    return {
        "self-signed": write_pair(folder, "bad-self-signed", key, [certificates.issue(leaf, key, None)]),
        "unknown-ca": write_pair(
            folder, "bad-unknown-ca", other, [certificates.issue(leaf, other, issuer), issuer.certificate]
        ),
        **issued_by(target.nodes.get("unknown", node).keys, leaf, folder),
    }


def issued_by(device: KeyPair | None, leaf: Leaf, folder: Path) -> dict[str, KeyPair]:
    """``leaf`` signed with the key of a ``device``, whose certificate says that it is no CA (RFC 5280 4.2.1.9): whoever
    looks only at signatures takes what any device writes. Empty where its key cannot sign this."""
    try:
        chain = x509.load_pem_x509_certificates(device.certificate.read_bytes()) if device else []
        signing = load_pem_private_key(device.key.read_bytes(), None) if device else None
    except (OSError, TypeError, ValueError):  # it is read and judged where the device is asked for
        return {}
    if not chain or not isinstance(signing, PrivateKey):
        return {}
    key, issuer = certificates.new_key(), Authority(signing, chain[0].subject, chain[0])
    return {BY_DEVICE: write_pair(folder, f"bad-{BY_DEVICE}", key, [certificates.issue(leaf, key, issuer), *chain])}


def _subject(pem: Path | None) -> x509.Name | None:
    try:
        return None if pem is None else x509.load_pem_x509_certificates(pem.read_bytes())[0].subject
    except (OSError, ValueError):  # whatever it is, it is read and judged elsewhere
        return None


def _common_name(pem: Path) -> str:
    subject = _subject(pem)
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME) if subject is not None else []
    return str(found[0].value) if found else ""
