"""What replaces an identifier: the hardened research side takes it from a secret, a mutant from what anybody knows."""

from __future__ import annotations

import base64
import codecs
import hashlib
import hmac
import zlib
from collections.abc import Callable, Mapping

PREFIX = "R"  # the pseudonym of a patient begins with it


def secret(key: bytes, kind: str, text: str) -> bytes:
    """The same for the same text as long as the key is, and of no use without it."""
    return hmac.new(key, f"{kind}\0{text}".encode(), hashlib.sha256).digest()


def _hashed(name: str, before: str = "", after: str = "") -> Callable[[str], bytes]:
    return lambda text: hashlib.new(name, f"{before}{text}{after}".encode()).digest()


_BYTES: Mapping[str, Callable[[str], bytes]] = {
    "md5": _hashed("md5"),
    "sha1": _hashed("sha1"),
    "sha224": _hashed("sha224"),
    "sha256": _hashed("sha256"),
    "sha384": _hashed("sha384"),
    "sha512": _hashed("sha512"),
    "sha3-256": _hashed("sha3_256"),
    "blake2b": _hashed("blake2b"),
    "salted-before": _hashed("sha256", before="salt"),
    "salted-after": _hashed("sha256", after="salt"),
    "salted-with-title": _hashed("md5", before="RESEARCH"),
    "keyed-with-title": lambda text: hmac.new(b"RESEARCH", text.encode(), hashlib.sha256).digest(),
    "md5-twice": lambda text: hashlib.md5(hashlib.md5(text.encode()).hexdigest().encode()).digest(),  # noqa: S324
    "lower-md5": lambda text: hashlib.md5(text.lower().encode()).digest(),  # noqa: S324
    "crc32": lambda text: zlib.crc32(text.encode()).to_bytes(4, "big"),
    "adler32": lambda text: zlib.adler32(text.encode()).to_bytes(4, "big"),
}
_TEXTS: Mapping[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "reversed": lambda text: text[::-1],
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "rot5": lambda text: "".join(str((int(c) + 5) % 10) if c.isdigit() else c for c in text),
    "prefixed": lambda text: f"ANON-{text}",
    "case": lambda text: text.swapcase(),
    "cut": lambda text: text[: len(text) * 2 // 3],
}
_FORMS: Mapping[str, Callable[[bytes], str]] = {
    "hex": lambda raw: raw.hex(),
    "upper-hex": lambda raw: raw.hex().upper(),
    "hex-16": lambda raw: raw.hex()[:16],
    "hex-last-12": lambda raw: raw.hex()[-12:],
    "base64": lambda raw: base64.b64encode(raw).decode(),
    "base64-10": lambda raw: base64.urlsafe_b64encode(raw).decode()[:10],
    "decimal": lambda raw: str(int.from_bytes(raw, "big")),
    "decimal-12": lambda raw: str(int.from_bytes(raw, "big"))[:12],
    "little-endian": lambda raw: str(int.from_bytes(raw, "little")),
}

SUBSTITUTES = (*_TEXTS, *(f"{name} {form}" for name in _BYTES for form in _FORMS))
SHIFTS = ("zero", "one-day", "constant", "years", "hash", "sum")


def substitute(how: str, text: str, *, uid: bool) -> str:
    """Of ``text`` by ``how``, one of SUBSTITUTES: a function, and what of its digest is written. A UID is below
    2.25."""
    name, _, form = how.partition(" ")
    if name in _TEXTS:
        written = _TEXTS[name](text)
        return written if not uid else "2.25." + "".join(c for c in written if c.isdigit())[:34]
    raw = _BYTES[name](text)
    if uid:
        number = int.from_bytes(raw[-15:], "little") if form == "little-endian" else int.from_bytes(raw[:15], "big")
        return f"2.25.{number}"
    return _FORMS[form or "hex"](raw)[:64]


def days_back(how: str, text: str) -> int:
    """By how many days a mutant moves the dates of the patient ``text``."""
    match how:
        case "zero":
            return 0
        case "one-day":
            return 1
        case "constant":
            return 137
        case "years":
            return 1461 * 5
        case "hash":
            return 1 + int(hashlib.md5(text.encode()).hexdigest()[:8], 16) % 365  # noqa: S324
    return 1 + sum(text.encode()) % 365
