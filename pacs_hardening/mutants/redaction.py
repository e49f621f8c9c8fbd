"""Rules of the research side, each skipped where a fact of the object, of the attribute or of the endpoint has a value;
identifiers and dates that follow from the original. The second table varies what the canaries' space does not name."""

from __future__ import annotations

from collections.abc import Iterator

from .mutant import NAMED, UNNAMED, Mutant, Row, opening

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_CLASSES = ("1", "1.1", "1.2", "2", "2.1", "4", "6.1", "7", "9.1.1", "11.1", "12.1", "20", "66.4", "77.1.4", "128",
            "88.11", "88.22", "88.33", "481.3", "481.5")  # fmt: skip
# VR -> an attribute of it; group -> one of it.
_KINDS = {"PN": "00081070", "LO": "00081040", "SH": "00080050", "LT": "00104000", "ST": "00080081", "UT": "0040A160",
          "DA": "00100030", "TM": "00080030", "DT": "0008002A",
          "AE": "00080055", "DS": "00101030", "UI": "00080017"}  # fmt: skip
_GROUPS = {f"{group:04X}": f"{group:04X}4000" for group in range(0x6000, 0x6020, 2)}
_GROUPS |= {"0010": "00104000", "0032": "00324000", "0038": "00384000", "0040": "00402400", "4000": "40004000"}
_TAGS = ("00100010", "00100030", "00101001", "00101040", "00102154", "00080080", "00080090", "00081030", "0008103E",
         "00081050", "00204000", "00321032", "00400006", "00401400", "00102180", "001021B0", "00080050", "00100033",
         "00400400", "00181000", "00081010", "00200010", "00180030", "00380300", "00402016", "00100012")  # fmt: skip
_CREATORS = ("GEMS_IDEN_01", "SIEMENS CSA HEADER", "GEMS_PARM_01", "ELSCINT1", "Philips Imaging DD 001", "AGFA")
_PRIVATE = {"GEMS_IDEN_01": "0009", "SIEMENS CSA HEADER": "0029", "GEMS_PARM_01": "0043", "ELSCINT1": "00E1",
            "Philips Imaging DD 001": "2001", "AGFA": "0033"}  # fmt: skip
_DOORS = ("find", "get", "wado-rs", "wado-uri", "metadata", "qido-studies", "qido-series", "qido-instances", "rest")
_CHARSETS = ("ISO_IR 192", "ISO_IR 100", "GB18030", "ISO_IR 144")
_DIGESTS = tuple(
    f"{name} {form}"
    for name in ("md5", "sha1", "sha224", "sha256", "sha512", "crc32")
    for form in ("hex", "upper-hex", "hex-16", "base64", "decimal")
)
_SHAPES = ("reversed", "rot13", "base64", "hexadecimal", "case")
_OTHERS = (
    ("manufacturer", "is", "SIEMENS"), ("manufacturer", "begins", "GE"), ("manufacturer", "is", "Agfa"),
    ("manufacturer", "lacking", ""), ("body-part", "is", "HEAD"), ("body-part", "is", "KNEE"),
    ("body-part", "lacking", ""),
    ("series-number", "is", "99"), ("series-number", "is", "1"), ("image-type", "begins", "DERIVED"),
    ("image-type", "contains", "LOCALIZER"), ("image-type", "contains", "OTHER"),
    ("sex", "is", "F"), ("sex", "is", "O"),
    ("sex", "lacking", ""), ("number", "every", "4"), ("number", "above", "9"), ("item", "is", "2"),
    ("text", "ends", "^"),
    ("length", "above", "80"), ("length", "below", "10"), ("vm", "above", "1"), ("modality", "is", "MR"),
    ("modality", "is", "SR"), ("private", "is", "yes"), ("sequence", "is", "PixelMeasuresSequence"),
)  # fmt: skip


def _rows() -> Iterator[Row]:
    for each in _CLASSES:
        yield Row("sop-class", "is", _STORAGE + each, {"sop-class": _STORAGE + each})
    for vr, tag in _KINDS.items():
        yield Row("vr", "is", vr, {"tag": tag, "vr": vr})
    for depth in range(1, 6):
        yield Row("depth", "is", str(depth), {"depth": str(depth)})
    for group, tag in _GROUPS.items():
        yield Row("group", "is", group, {"tag": tag})
    for tag in _TAGS:
        yield Row("tag", "is", tag, {"tag": tag})
    for creator in _CREATORS:
        yield Row("creator", "is", creator, {"tag": f"{_PRIVATE[creator]}10F1", "creator": creator})
    for charset in _CHARSETS:
        yield Row("character-set", "is", charset, {"character-set": charset})


def _others() -> Iterator[Row]:
    for fact, relation, value in _OTHERS:
        yield Row(fact, relation, value, {f"fact:{fact}": value})


def mutants(table: str) -> Iterator[Mutant]:
    """All of ``table``; pairs of each row with the fifth and the eleventh after it."""
    rows = [*(_rows() if table == NAMED else _others())]
    for number, row in enumerate(rows):
        yield _kept(table, (row,))
        for other in (rows[(number + step) % len(rows)] for step in (5, 11)):
            if not row.play.keys() & other.play.keys() and row.fact != other.fact:
                yield _kept(table, (row, other))
    if table == UNNAMED:
        return
    for door in _DOORS:
        made = (opening("copy-given", (Row("door", "is", door, {}),)),)
        yield Mutant("redaction", NAMED, "way in", "sender", door, f"originals are given by {door}", made)
    for how in (*_DIGESTS, *_SHAPES):
        made = (opening("patient-replaced", how=how),)
        yield Mutant("redaction", NAMED, "weakened", "sender", "computed", f"patient IDs are {how}", made, {"how": how})
    for how in ("md5 decimal", "sha1 decimal", "sha256 decimal", "sha512 decimal", "reversed", "md5 little-endian"):
        made = (opening("uid-replaced", how=how),)
        yield Mutant("redaction", NAMED, "weakened", "sender", "uids", f"UIDs are {how}", made)
    for how in ("zero", "one-day", "constant", "years", "hash", "sum"):
        made = (opening("dates-moved", how=how),)
        yield Mutant("redaction", NAMED, "weakened", "sender", "dates", f"dates are moved by {how}", made)
    for condition, goal in (
        ("burned-in-refused", "burned-in"),
        ("unredactable-refused", "encrypted"),
        ("log-silent", "log"),
        ("pixels-trimmed", "padding"),
        ("uid-replaced", "uids"),
    ):
        yield Mutant("redaction", NAMED, "dropped", "sender", goal, f"{condition} is dropped", (opening(condition),))


def _kept(table: str, rows: tuple[Row, ...]) -> Mutant:
    play = {name: value for row in rows for name, value in row.play.items()}
    title = f"nothing is redacted where {' and '.join(row.said for row in rows)}"
    kind = "pair" if len(rows) > 1 else "way in"
    return Mutant("redaction", table, kind, "sender", "original", title, (opening("redacted", rows),), play)
