"""Distinguished names (RFC 4514), as far as an entry has to be found by one."""

from __future__ import annotations

import re

_COMMA = re.compile(r"(?<!\\),")
_ESCAPED = re.compile(r"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)
Path = tuple[tuple[str, str], ...]  # from the root down: (type of the name, the name as it is written)
Key = tuple[tuple[str, str], ...]  # the same, without regard to case
DEVICE = "dicomdevicename"


def path_of(dn: str) -> Path:
    """What stands above a device depends on the site (LDAP_BASE_DN), and is left out."""
    names = [_pair(each) for each in _COMMA.split(dn.strip()) if each.strip()]
    names.reverse()
    below = [place for place, (kind, _) in enumerate(names) if kind.lower() == DEVICE]
    return tuple(names[below[0] :] if below else names)


def key_of(path: Path) -> Key:
    return tuple((kind.casefold(), " ".join(name.split()).casefold()) for kind, name in path)


def _pair(text: str) -> tuple[str, str]:
    kind, _, name = text.partition("=")
    return kind.strip(), _ESCAPED.sub(_character, name.strip())


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if len(found[1]) == 2 else found[1]
