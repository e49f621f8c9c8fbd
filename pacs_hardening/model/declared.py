"""What a key of a TOML file may hold, said once: beside the field that it becomes. Data only; ``config`` makes the
reader, the writer, the JSON Schema, the template and the documentation of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

FILE, ENVIRONMENT = "target file", "environment"
BOTH = (FILE, ENVIRONMENT)
_KEY = "key"


@dataclass(frozen=True)
class Text:
    """``pattern`` matches the whole text; ``what`` and ``accepted`` say it in words where it is hard to read."""

    pattern: str = ".*"
    what: str = ""
    accepted: str = ""


@dataclass(frozen=True)
class Number:
    least: int
    most: int | None = None


@dataclass(frozen=True)
class Flag:
    pass


@dataclass(frozen=True)
class Texts:
    """A list, each of ``item`` and, where it is not empty, ``among`` these. ``ordered``: a tuple, otherwise a set."""

    item: Text = Text()
    among: tuple[str, ...] = ()
    ordered: bool = True


@dataclass(frozen=True)
class Urls:
    """A list of ``scheme://host:port``."""

    schemes: tuple[str, ...] = ("dicom", "dicoms", "http", "https")
    example: str = "dicoms://pacs.example:2762"


@dataclass(frozen=True)
class Ports:
    """A list of TCP ports."""


@dataclass(frozen=True)
class Pem:
    """The path of a PEM file, relative to the file that names it. ``holds`` as its first line says."""

    holds: str


@dataclass(frozen=True)
class Existing:
    """The path of a file or folder, relative to the file that names it."""


@dataclass(frozen=True)
class Hidden:
    """A secret, never by value: the keys are ``<field>_file`` and ``<field>_env``."""


@dataclass(frozen=True)
class Strings:
    """A table of texts by name."""

    item: Text


@dataclass(frozen=True)
class Lists:
    """A table of lists of texts, by name."""


@dataclass(frozen=True)
class One:
    """A table. ``of`` is the dataclass that it becomes."""

    of: type


@dataclass(frozen=True)
class Named:
    """A table of tables by name. ``title`` is the field of each that holds its name, "" for none."""

    of: type
    title: str = ""


@dataclass(frozen=True)
class Many:
    """An array of tables."""

    of: type


@dataclass(frozen=True)
class Inline:
    """Keys of the table itself. None where those without a default are all left out. ``under``: the only name in the
    mapping that they become, "" where they become no mapping."""

    of: type
    under: str = ""


Kind = (
    Text
    | Number
    | Flag
    | Texts
    | Urls
    | Ports
    | Pem
    | Existing
    | Hidden
    | Strings
    | Lists
    | One
    | Named
    | Many
    | Inline
)


@dataclass(frozen=True)
class Entry:
    """A name in a table that controls know. ``example``: a TOML literal, or several by key. ``essential``: a file
    without it is hardly of use."""

    name: str
    example: str | Mapping[str, str]
    says: str = ""
    unmeasured: str = ""
    essential: bool = False


@dataclass(frozen=True)
class Key:
    """``says``: one sentence. ``example``: a TOML literal. ``name``: where it is not that of the field. ``was``: its
    old name, which is read. ``unmeasured``: what nobody knows where it is left out, of a target that has ``of``
    (``dicom``, ``web`` or ``tls``, which is DICOM over TLS; "" for any). ``places``: the files in which it may stand.
    ``written``: also where a target that was started is written into a file."""

    kind: Kind
    says: str
    example: str = ""
    name: str = ""
    was: str = ""
    entries: tuple[Entry, ...] = ()
    unmeasured: str = ""
    of: str = ""
    places: tuple[str, ...] = BOTH
    written: bool = True


def key(kind: Kind, says: str, example: str = "", **more: Any) -> Mapping[str, Key]:
    """The metadata of a field; ``more`` as of ``Key``."""
    return MappingProxyType({_KEY: Key(kind, says, example, **more)})


@dataclass(frozen=True)
class Declared:
    """One key of a dataclass: ``field`` is the name of what it becomes."""

    name: str
    field: str
    key: Key
    required: bool
    default: Any


def declared(of: type, place: str = FILE) -> Iterator[Declared]:
    """What may be said of an ``of`` in a file of that ``place``, in the order of its fields."""
    for each in fields(of):
        found = each.metadata.get(_KEY)
        if found is not None and place in found.places:
            default = _default(each)
            yield Declared(found.name or each.name, each.name, found, default is MISSING, default)


def flat(of: type, place: str = FILE) -> Iterator[Declared]:
    """The keys of the table that becomes an ``of``, those included that become one field together."""
    for each in declared(of, place):
        if isinstance(each.key.kind, Inline):
            inside = flat(each.key.kind.of, place)
            yield from (replace(inner, required=inner.required and each.required) for inner in inside)
        else:
            yield each


def _default(each: Field[Any]) -> Any:
    return each.default if each.default_factory is MISSING else each.default_factory()
