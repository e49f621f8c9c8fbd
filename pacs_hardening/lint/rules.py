"""Rules are data: one TOML file for each product, read here. To add a rule, add a table there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..model import Severity

_HERE = Path(__file__).parent
_KNOWN_PASSWORDS = _HERE.parent / "profiles" / "default-credentials.toml"
SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class Rule:
    """``key`` is a path in which ``*`` stands for any one key. ``when`` is one condition on its value; ``only_if``
    and ``unless`` are values of other keys ("." first: of the same object), which must all be so, or not all so.
    ``theme`` is the control of the area config that fails by it: ``config.<theme>``.
    ``opens`` is said to people, ``use`` is what to write instead. ``guard``: a note where a guard stands in front.
    ``hide``: the value may hold a secret and is never shown. ``source`` says where the fact was read. ``since`` and
    ``until``: the versions of the product of which it holds, "" without a limit. ``uses``: version up to which other
    words are said than ``use`` ("" for the newest) -> those words; where the version is not known ``use`` is said."""

    key: str
    theme: str
    when: Mapping[str, Any]
    severity: Severity
    opens: str
    use: str
    source: str
    controls: tuple[str, ...] = ()
    only_if: Mapping[str, Any] | None = None
    unless: Mapping[str, Any] | None = None
    guard: bool = False
    hide: bool = False
    since: str = ""
    until: str = ""
    uses: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Product:
    """``defaults``: path -> what holds where the key is absent. ``known``: path of an object ("" the root) -> keys
    that it may hold. ``notices``: what is said of the file itself, by name. ``since``: option -> the version that has
    it first. ``families``: words with which the names of options begin that stand together."""

    name: str
    rules: tuple[Rule, ...]
    defaults: Mapping[str, Any]
    known: Mapping[str, tuple[str, ...]]
    notices: Mapping[str, Rule]
    since: Mapping[str, str]
    families: tuple[tuple[str, ...], ...]


@cache
def load(product: str) -> Product:
    """Of a plugin there is one file each: its section, what it documents, where and when that was read."""
    data = _read(_HERE / "rules" / f"{product}.toml")
    plugins = [_read(file) for file in sorted((_HERE / "plugins" / product).glob("*.toml"))]
    known = {path: tuple(keys) for path, keys in data["known"].items()}
    rules, defaults = [_rule(entry) for entry in data["rule"]], dict(data["defaults"])
    for plugin in plugins:
        section = plugin["section"]
        known[""] = (*known[""], section, *plugin.get("beside", ()))
        known |= {f"{section}.{path}" if path else section: tuple(keys) for path, keys in plugin["known"].items()}
        defaults |= {f"{section}.{key}": value for key, value in plugin.get("defaults", {}).items()}
        rules += [_rule({"source": plugin["source"], **entry}) for entry in plugin.get("rule", ())]
    return Product(
        name=data["name"],
        rules=tuple(rules),
        defaults=defaults,
        known=known,
        notices={name: _rule({"key": "", "when": {}, **entry}) for name, entry in data["notice"].items()},
        since=data.get("since", {}),
        families=tuple(map(tuple, data.get("families", {}).values())),
    )


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _rule(entry: dict[str, Any]) -> Rule:
    named = {**entry, "severity": Severity[entry["severity"].upper()], "controls": tuple(entry.get("controls", ()))}
    return Rule(**named)


def holds(condition: Mapping[str, Any], value: Any, name: str) -> bool:
    """Does ``value`` (None: absent, and no default known) of the key called ``name`` meet the one ``condition``?"""
    ((kind, wanted),) = condition.items()
    if kind == "absent":
        return (value is None) is wanted
    if kind == "password":
        return not isinstance(value, dict | list) and _password(name, "" if value is None else str(value)) == wanted
    if value is None:
        return False
    if kind == "is":
        return any(same(value, each) for each in (wanted if isinstance(wanted, list) else [wanted]))
    if kind in ("above", "below"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return bool(number and (value > wanted if kind == "above" else value < wanted))
    if kind == "empty":
        return (value in ("", [], {})) is wanted
    if kind == "name":
        return re.search(wanted, name) is not None
    texts = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
    found = [re.search(wanted, each) is not None for each in texts if "${" not in each]
    return any(found) if kind == "matches" else not all(found)  # "differs": one that does not match


def same(value: Any, wanted: Any) -> bool:
    """Equal, and true is not 1; text without regard to case."""
    if isinstance(value, str) and isinstance(wanted, str):
        return value.casefold() == wanted.casefold()
    return type(value) is type(wanted) and bool(value == wanted)


def _password(user: str, password: str) -> str:
    if "${" in password:
        return ""
    if (user, password) in _known_passwords():
        return "known"
    alike = password.casefold() in (user.casefold(), "password", "changeme", "changeit")
    return "weak" if alike or len(password) < SHORTEST_PASSWORD else ""


@cache
def _known_passwords() -> frozenset[tuple[str, str]]:
    pairs = tomllib.loads(_KNOWN_PASSWORDS.read_text(encoding="utf-8"))["pair"]
    return frozenset((pair["username"], pair["password"]) for pair in pairs)
