"""What anybody can make of an identifier without a secret: digests, codes and shapes of it, and how they are written.

Who knows a patient's ID (from a letter, a bill, another archive) computes the same, and has found the patient.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

_WORDS = ("", "salt", "SALT", "secret", "key", "pepper", "password", "anonymous", "anonymized", "ANON", "deid",
          "research", "RESEARCH", "dicom", "DICOM", "2.25", "2.25.", "1.2.826.0.1.3680043.8.498.", "0", "1234", "test",
          "changeme")  # fmt: skip
_DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b", "blake2s")
_SHORT = ("md5", "sha1", "sha256", "sha512")  # with every word of above, and as a key
_PLACES = (4, 5, 6, 8, 10, 12, 14, 15, 16, 20, 24, 28, 32)
_RUNS = re.compile(r"[0-9a-z]{8,}|[\w+/-]{8,}|(?=[\w+/-]*[g-z+/])[\w+/-]{6,}", re.IGNORECASE | re.ASCII)
SURE = 12  # characters of one value that chance does not write; of fewer, two values have to agree
Made = Callable[[str], bytes]


def _shapes() -> Iterator[tuple[str, Callable[[str], str]]]:
    yield "itself", str
    yield "reversed", lambda text: text[::-1]
    yield "other case", str.swapcase
    yield "without punctuation", _solid
    yield "without punctuation, reversed", lambda text: _solid(text)[::-1]
    yield "digits moved by 5, without punctuation", lambda text: _moved(_solid(text), 0, 5)
    for by in range(1, 26):
        yield f"letters moved by {by}", lambda text, by=by: _moved(text, by, 0)  # type: ignore[misc]
    for by in range(1, 10):
        yield f"digits moved by {by}", lambda text, by=by: _moved(text, 0, by)  # type: ignore[misc]
    yield "letters and digits moved", lambda text: _moved(text, 13, 5)
    yield "letters from the end", lambda text: text.translate(_atbash())
    yield "every pair swapped", lambda text: re.sub(r"(.)(.)", r"\2\1", text)


def _atbash() -> dict[int, str]:
    return {ord(a): chr(219 - ord(a)) if a.islower() else chr(155 - ord(a)) for a in _letters()}


def _letters() -> str:
    return "".join(map(chr, (*range(65, 91), *range(97, 123))))


def _moved(text: str, letters: int, digits: int) -> str:
    def one(sign: str) -> str:
        if sign.isdigit():
            return str((int(sign) + digits) % 10)
        if sign in _letters():
            first = 97 if sign.islower() else 65
            return chr((ord(sign) - first + letters) % 26 + first)
        return sign

    return "".join(map(one, text))


def _digested(published: Iterable[str]) -> Iterator[tuple[str, Made]]:
    for name in _DIGESTS:
        yield name, partial(_hashed, name, "", "")
    for name in _SHORT:
        for word in dict.fromkeys((*_WORDS[1:], *published)):
            for between in ("", "|", ":", "-", "_", "\0"):
                yield f"{name} after {word!r}{between!r}", partial(_hashed, name, word + between, "")
                yield f"{name} before {word!r}{between!r}", partial(_hashed, name, "", between + word)
            yield f"HMAC {name}, key {word!r}", partial(_keyed, name, word)
        for shape, of in (("upper", str.upper), ("lower", str.lower), ("stripped", str.strip), ("solid", _solid)):
            yield f"{name} of it {shape}", partial(_shaped, name, of)
        yield f"{name} of UTF-16", partial(_wide, name)
        yield f"{name} twice", partial(_twice, name)
    yield "crc32", lambda text: zlib.crc32(text.encode()).to_bytes(4, "big")
    yield "adler32", lambda text: zlib.adler32(text.encode()).to_bytes(4, "big")
    for space in (uuid.NAMESPACE_DNS, uuid.NAMESPACE_URL, uuid.NAMESPACE_OID, uuid.NAMESPACE_X500):
        yield f"UUID 3 in {space}", partial(_unique, uuid.uuid3, space)
        yield f"UUID 5 in {space}", partial(_unique, uuid.uuid5, space)
    yield "UUID of md5", lambda text: uuid.UUID(bytes=_hashed("md5", "", "", text), version=3).bytes


def _hashed(name: str, before: str, after: str, text: str) -> bytes:
    return hashlib.new(name, f"{before}{text}{after}".encode()).digest()


def _shaped(name: str, of: Callable[[str], str], text: str) -> bytes:
    return _hashed(name, "", "", of(text))


def _wide(name: str, text: str) -> bytes:
    return hashlib.new(name, text.encode("utf-16-le")).digest()


def _unique(of: Callable[[uuid.UUID, str], uuid.UUID], space: uuid.UUID, text: str) -> bytes:
    return of(space, text).bytes


def _keyed(name: str, word: str, text: str) -> bytes:
    return hmac.digest(word.encode(), text.encode(), name)


def _solid(text: str) -> str:
    return re.sub(r"\W", "", text)


def _twice(name: str, text: str) -> bytes:
    return hashlib.new(name, hashlib.new(name, text.encode()).hexdigest().encode()).digest()


def derivations(published: Iterable[str] = ()) -> dict[str, Made]:
    """What can be computed, by name. ``published``: what else a salt can be that everybody can read."""
    shapes = {name: (lambda text, of=of: of(text).encode()) for name, of in _shapes()}
    return {**shapes, **dict(_digested(published))}


def written(raw: bytes) -> tuple[str, ...]:
    """``raw`` as text, in the ways in which all of it can be written; a value holds some stretch of one of them."""
    plain = raw.decode("ascii", errors="replace").casefold()
    codes = (raw.hex(), base64.b64encode(raw).decode().casefold(), base64.urlsafe_b64encode(raw).decode().casefold())
    return (plain, *codes, base64.b32encode(raw).decode().casefold(), base64.b85encode(raw).decode().casefold())


def numbers(raw: bytes) -> Iterator[str]:
    """``raw``, its beginning and its end, as decimal numbers in either order of bytes."""
    for size in (*(each for each in _PLACES if each < len(raw)), len(raw)):
        for part in (raw[:size], raw[-size:]):
            yield str(int.from_bytes(part, "big"))
            yield str(int.from_bytes(part, "little"))


def _runs(value: str) -> Iterator[str]:
    """The stretches of a replaced value that can be somebody's digest."""
    value = value.removeprefix("2.25.") if re.fullmatch(r"[\d.]+", value) else value
    found = dict.fromkeys(run[0].casefold() for run in _RUNS.finditer(value))
    hexadecimal = {run[0].casefold(): None for run in re.finditer(r"[0-9A-Fa-f]{8,}", value)}
    yield from {**found, **hexadecimal}


def linked(pairs: Mapping[str, str], published: Iterable[str] = ()) -> dict[str, list[str]]:
    """How a derivation is called -> the originals whose replacement it gives. ``pairs``: original -> what replaced it.

    A stretch of at least 8 characters of the replacement stands in what was computed, or all of its digits do.
    """
    runs = {original: list(_runs(value)) for original, value in pairs.items()}
    found: dict[str, dict[str, int]] = {}
    for name, made in derivations(published).items():
        for original, stretches in runs.items():
            raw = made(original)
            texts = [*written(raw)] if any(not run.isdigit() for run in stretches) else [raw.decode("ascii", "replace")]
            texts += numbers(raw) if any(run.isdigit() for run in stretches) else ()
            sizes = [len(run) for run in stretches if any(_holds(run, text) for text in texts)]
            if sizes:
                found.setdefault(name, {})[original] = max(sizes)
    return {
        name: list(originals)
        for name, originals in found.items()
        if len(originals) > 1 or max(originals.values()) >= SURE
    }


def _holds(run: str, text: str) -> bool:
    return run in text or (len(text) >= SURE and text in run)


def same_shift(days: Mapping[str, int], published: Iterable[str] = ()) -> str:
    """By which rule the dates of patients (ID -> days) are moved that anybody can follow; empty for none known."""
    if len(days) < 3:
        return ""
    if len(set(days.values())) == 1:
        return f"all of {len(days)} patients by the same {next(iter(days.values()))} days"
    plain = {"sum of the characters": lambda text: [sum(text.encode())], "length": lambda text: [len(text)]}
    for name, of in plain.items():
        if _explains(days, of):
            return f"by the {name} of the patient ID"
    for name, made in derivations(published).items():
        if _explains(days, lambda text, made=made: _integers(made(text))):  # type: ignore[misc]
            return f"by {name} of the patient ID"
    return ""


_MODULI = (30, 31, 60, 90, 100, 180, 200, 300, 360, 364, 365, 366, 500, 700, 730, 731, 1000, 1400, 1461, 2000, 3650)


def _integers(raw: bytes) -> list[int]:
    return [int.from_bytes(part, "big") for part in (raw, raw[:2], raw[:4], raw[:8], raw[-4:])]


def _explains(days: Mapping[str, int], of: Callable[[str], list[int]]) -> bool:
    known = {patient: of(patient) for patient in days}
    ways = range(len(next(iter(known.values()))))
    return any(
        all(
            abs(moved) in (known[patient][way] % modulus, known[patient][way] % modulus + 1)
            for patient, moved in days.items()
        )
        for way in ways
        for modulus in _MODULI
    )
