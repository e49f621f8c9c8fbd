"""A second archive behind the endpoints of the first. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .declared import Lists, One, Strings, Text, key
from .peers import AET
from .webrequest import PATH_OR_NONE


@dataclass(frozen=True)
class Folder:
    """Where a host keeps what it was sent, if that can be looked into."""

    host: str = field(metadata=key(Text(), "A name in [hosts].", '"archive"'))
    path: str = field(metadata=key(Text(r"/[A-Za-z0-9/._-]+"), "An absolute path there.", '"/var/lib/research"'))


@dataclass(frozen=True)
class Research:
    """A second archive behind the endpoints of the first, for those who may see de-identified studies only.

    ``sender`` is the node that may store there, under ``called_aet``, and nothing else; ``reader`` and ``user`` are the
    node and the web user who may search and retrieve there, and nothing anywhere else. ``routes``: path templates by
    name, as those of the target. ``lists``: paths that list identifiers in JSON, each with the suffixes of what hangs
    below one identifier. ``storage`` and ``arrivals``: what it has stored, and what its C-MOVE destination received;
    ``move_destination``: None where it is that of the target.
    """

    called_aet: str = field(metadata=key(AET, "Its AE title.", '"RESEARCH"'))
    sender: str = field(metadata=key(Text(), "The node that may store there.", '"store"'))
    reader: str = field(
        metadata=key(Text(), "The node that may search and retrieve there, and nothing elsewhere.", '"query"')
    )
    user: str = field(metadata=key(Text(), "Likewise, at the web endpoint.", '"gate"'))
    routes: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(
            Strings(PATH_OR_NONE), "Paths that are asked for; {study}, {series}, {instance} are those of the copies."
        ),
    )
    lists: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata=key(Lists(), "Paths that list identifiers in JSON, each with what hangs below one identifier."),
    )
    storage: Folder | None = field(
        default=None, metadata=key(One(Folder), "What it has stored, to be searched.", written=False)
    )
    arrivals: Folder | None = field(
        default=None, metadata=key(One(Folder), "What its C-MOVE destination received.", written=False)
    )
    move_destination: str | None = field(
        default=None, metadata=key(AET, "Where that is another than the target's.", '"READER"')
    )
