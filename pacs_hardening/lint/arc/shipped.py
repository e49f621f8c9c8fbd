"""What lies below LDIF that only changes: the directory as the image ships it (rules/dcm4chee-shipped.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from .device import REFERENCE
from .dn import DEVICE, path_of
from .ldif import Record, Value

_FILE = Path(__file__).parent.parent / "rules" / "dcm4chee-shipped.toml"
_ROOT = "cn=Devices,cn=DICOM Configuration,dc=dcm4che,dc=org"


@cache
def table() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def needed(records: Iterable[Record]) -> bool:
    """Do they change devices, and bring none?"""
    paths = [(path_of(each.dn), each.kind) for each in records]
    ours = [(path, kind) for path, kind in paths if path and path[0][0].casefold() == DEVICE]
    return bool(ours) and not any(len(path) == 1 and kind == "add" for path, kind in ours)


def base(records: Iterable[Record]) -> list[Record]:
    """As records, with the names that the image was told to give (ARCHIVE_DEVICE_NAME, AE_TITLE), which show where
    others are changed in their place."""
    paths = [path for each in records if (path := path_of(each.dn)) and path[0][0].casefold() == DEVICE]
    device = _renamed(table()["device"], [path[0][1] for path in paths], table()["others"])
    own = [path for path in paths if path[0][1] == device]
    titles = [path[1][1] for path in own if len(path) > 1 and path[1][0].casefold() == "dicomaetitle"]
    known = [name.partition("=")[2] for entry in table()["entry"] for name in entry["names"]]
    title = _renamed(table()["ae"], titles, [each for each in known if each != table()["ae"]])
    return list(_records(device, title))


def _renamed(name: str, said: list[str], others: list[str]) -> str:
    new = [each for each in dict.fromkeys(said) if each not in others]
    return new[0] if len(new) == 1 and name not in said else name


def _records(device: str, title: str) -> Iterator[Record]:
    own = f"dicomDeviceName={device},{_ROOT}"
    for entry in table()["entry"]:
        for name in entry["names"]:
            record = Record(f"{_renamed_in(name, title)},{own}" if name else own, 1)
            attributes = dict(entry["attributes"])
            if "connections" in entry:
                attributes[REFERENCE] = [f"cn={each},{own}" for each in entry["connections"]]
            if "titled" in entry:
                attributes["dicomAETitle"] = _renamed_in(name, title).partition("=")[2]
            for key, said in attributes.items():
                values = said if isinstance(said, list) else [said]
                record.values += [Value(key, each, 1) for each in values]
            yield record


def _renamed_in(name: str, title: str) -> str:
    kind, _, said = name.partition("=")
    return f"{kind}={title}" if said == table()["ae"] else name
