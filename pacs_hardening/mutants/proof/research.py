"""Whether a mutant of the research side is open: its declaration is sent there, and what comes out is looked at."""

from __future__ import annotations

import base64
import hashlib
import zlib
from datetime import date, timedelta

from ...model.running import Running
from ..client.research import ROUTES, Side, made
from ..mutant import Mutant

PATIENTS = 3


def served(running: Running, mutant: Mutant) -> bool:
    side = Side(running.target)
    match mutant.goal:
        case "burned-in" | "encrypted":
            return _takes(side, mutant.goal)
        case "computed":
            sent, _ = made({})
            side.taken(sent)
            return any(
                copy.get("00100020") == _computed(mutant.play["how"], str(sent.PatientID)) for copy in side.copies()
            )
        case "dates":
            return _follow(side)
        case "uids":
            return _same_again(side)
    found = False
    for _ in range(12 if "fact:number" in mutant.play else 1):
        found = found or _kept(running, side, mutant)
    return found


def _kept(running: Running, side: Side, mutant: Mutant) -> bool:
    sent, mark = made(mutant.play)
    if mutant.goal == "padding":
        mark, sent.PixelData = b"MARKAFTER!", b"\1\2\3\4MARKAFTER!"
    if not side.taken(sent):
        return False
    if mutant.goal == "log":
        return "MUTANT" in running.logs()
    doors = ("get", *ROUTES) if mutant.goal in ("original", "padding") else (mutant.goal,)
    marks = (mark,) if mutant.goal in ("original", "padding") else (b"MUTANT", str(sent.PatientID).encode())
    given = [side.given(door, copy) for copy in side.copies() for door in doors]
    return any(each in data for data in given for each in marks)


def _takes(side: Side, goal: str) -> bool:
    sent, _ = made({})
    if goal == "burned-in":
        sent.BurnedInAnnotation = "YES"
    else:
        item = type(sent)()
        item.EncryptedContent, item.EncryptedContentTransferSyntaxUID = b"TEST" * 4, "1.2.840.10008.1.2"
        sent.EncryptedAttributesSequence = [item]
    return side.taken(sent)


def _follow(side: Side) -> bool:
    """Whether dates of patients are moved by as much for all, or by what their IDs say."""
    moved = []
    for _ in range(PATIENTS):
        sent, _ = made({})
        before = {copy["00080018"] for copy in side.copies()}
        side.taken(sent)
        copy = next(each for each in side.copies() if each["00080018"] not in before)
        moved.append((str(sent.PatientID), copy.get("00080020", "")))
    if len({day for _, day in moved}) == 1:
        return True
    rules = (
        lambda text: sum(text.encode()) % 365,
        lambda text: int(_digest(text)[:8], 16) % 365,
    )
    return any(all(_back(1 + rule(patient)) == day for patient, day in moved) for rule in rules)


def _digest(text: str, name: str = "md5") -> str:
    return hashlib.new(name, text.encode()).hexdigest()


def _back(days: int) -> str:
    return (date(1937, 2, 11) - timedelta(days=days)).strftime("%Y%m%d")


def _same_again(side: Side) -> bool:
    """Whether the Study Instance UID is one that anybody can compute."""
    sent, _ = made({})
    side.taken(sent)
    original = str(sent.StudyInstanceUID)
    known = {original, "2.25." + "".join(c for c in original[::-1] if c.isdigit())[:34]}
    for name in ("md5", "sha1", "sha256", "sha512"):
        raw = hashlib.new(name, original.encode()).digest()
        known |= {f"2.25.{int.from_bytes(raw[:15], 'big')}", f"2.25.{int.from_bytes(raw[-15:], 'little')}"}
    return any(copy.get("0020000D") in known for copy in side.copies())


def _computed(how: str, text: str) -> str:
    name, _, form = how.partition(" ")
    if not form:
        shift = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "NOPQRSTUVWXYZABCDEFGHIJKLM")
        shapes = {"reversed": text[::-1], "case": text.swapcase(), "rot13": text.translate(shift)}
        shapes |= {"base64": base64.b64encode(text.encode()).decode(), "hexadecimal": text.encode().hex()}
        return shapes[how]
    raw = zlib.crc32(text.encode()).to_bytes(4, "big") if name == "crc32" else hashlib.new(name, text.encode()).digest()
    forms = {"hex": raw.hex(), "upper-hex": raw.hex().upper(), "hex-16": raw.hex()[:16]}
    forms |= {"base64": base64.b64encode(raw).decode(), "decimal": str(int.from_bytes(raw, "big"))}
    return forms[form][:64]
