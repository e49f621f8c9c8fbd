"""The attributes that identify: PS3.15 Table E.1-1 (edition 2026c), from the data file beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag

_FILE = Path(__file__).with_name("confidentiality.tsv")
_NOT_IN_DATA_SETS = ("0000", "0002", "0004")  # commands, file meta information, directories
_ENDS = {"Sequence": "SQ", "DateTime": "DT"}
_REPEATING = {"50XXXXXX": 0x50003000, "60XX3000": 0x60003000, "60XX4000": 0x60004000}


@dataclass(frozen=True)
class Attribute:
    """``action`` is the code of the Basic Profile (D, Z, X, U or several), ``group`` what kind of identifier it is:
    direct, quasi, text, date, uid or private."""

    tag: int
    action: str
    group: str
    name: str

    @property
    def vr(self) -> str:
        """Of what PS3.6 allows the last; by its name where pydicom's edition does not know it."""
        if dictionary_has_tag(self.tag):
            return dictionary_VR(self.tag).split(" or ")[-1]
        return next((vr for end, vr in _ENDS.items() if self.name.endswith(end)), "LO")

    def __str__(self) -> str:
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X}) {self.name}"


_ASKED = {"AE", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UI"}


def query_keys() -> tuple[str, ...]:
    """Keywords of those that a query can ask for by an empty key."""
    tags = [each.tag for each in attributes() if each.tag < 0x50000000 and each.vr in _ASKED]
    return tuple(keyword for tag in tags if (keyword := keyword_for_tag(tag)))


@cache
def attributes() -> tuple[Attribute, ...]:
    """All that can stand in a data set; repeating groups by their first; private attributes are no row of tags."""
    found = []
    for line in _FILE.read_text().splitlines():
        if line.startswith("#"):
            continue
        tag, action, group, name = line.split("\t")
        if tag != "private" and not tag.startswith(_NOT_IN_DATA_SETS):
            found.append(Attribute(_REPEATING.get(tag) or int(tag, 16), action, group, name))
    return tuple(found)
