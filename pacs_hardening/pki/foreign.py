"""Client certificates that no archive may take, made for a target whose own CA is somebody else's."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..model import KeyPair, Target
from . import certificates
from .authority import write_pair
from .certificates import Leaf


def foreign(target: Target, folder: Path) -> dict[str, KeyPair]:
    """By defect (see ``Target.bad_keys``), in ``folder``: self-signed, and of a CA that bears the name of the target's.
    Both bear the name of node ``all``, so that nothing but the defect can refuse them; empty where it has none."""
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
    }


def _subject(pem: Path | None) -> x509.Name | None:
    try:
        return None if pem is None else x509.load_pem_x509_certificates(pem.read_bytes())[0].subject
    except (OSError, ValueError):  # whatever it is, it is read and judged elsewhere
        return None


def _common_name(pem: Path) -> str:
    subject = _subject(pem)
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME) if subject is not None else []
    return str(found[0].value) if found else ""
