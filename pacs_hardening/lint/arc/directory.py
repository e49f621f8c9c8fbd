"""The directory that LDIF makes: entries, each file laid over those before, as ``ldapadd`` does (RFC 4511 4.6 to 4.9).

What ``ldapadd`` refuses ends its run, and nothing behind it is in force: that is noted, and read on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .dn import Key, Path, key_of, path_of
from .ldif import Change, Record, Value


@dataclass(frozen=True)
class Held:
    """One value of an attribute, and where it stands."""

    value: Value
    file: str


@dataclass
class Entry:
    """``file`` and ``line``: what said something of it last. ``whole``: it was added here, so that what it lacks is
    absent. ``attributes``: name without regard to case -> values."""

    path: Path
    file: str
    line: int
    whole: bool
    attributes: dict[str, list[Held]] = field(default_factory=dict)

    def texts(self, name: str) -> list[str]:
        return [each.value.text for each in self.attributes.get(name.casefold(), [])]

    def is_a(self, *classes: str) -> bool:
        wanted = {each.casefold() for each in classes}
        return any(each.casefold() in wanted for each in self.texts("objectClass"))


@dataclass
class Directory:
    """``notices``: (name of the notice, key, file, line). ``in_part``: it was begun with entries of which others hold
    more than is known here."""

    entries: dict[Key, Entry] = field(default_factory=dict)
    notices: list[tuple[str, str, str, int]] = field(default_factory=list)
    in_part: bool = False

    def lay(self, records: Iterable[Record], file: str) -> None:
        for record in records:
            path = path_of(record.dn)
            if record.kind == "add":
                self._add(path, record, file)
            elif record.kind == "modify":
                self._modify(path, record, file)
            elif record.kind == "delete":
                self._delete(path, record, file)
            else:
                self._move(path, record, file)

    def below(self, path: Path) -> Iterator[Entry]:
        """The entries directly below one."""
        key = key_of(path)
        yield from (each for k, each in self.entries.items() if len(k) == len(key) + 1 and k[: len(key)] == key)

    def _add(self, path: Path, record: Record, file: str) -> None:
        before = self.entries.get(key_of(path))
        if before is not None and before.whole:
            self._notice("collision", path, file, record.line)
            return
        entry = Entry(path, file, record.line, whole=True)
        for value in record.values:
            entry.attributes.setdefault(value.name.casefold(), []).append(Held(value, file))
        self.entries[key_of(path)] = entry

    def _modify(self, path: Path, record: Record, file: str) -> None:
        key = key_of(path)
        if key not in self.entries:
            if self._lacks(key):
                self._notice("missing-entry", path, file, record.line)
            self.entries[key] = Entry(path, file, record.line, whole=False)
        entry = self.entries[key]
        entry.file, entry.line = file, record.line
        for change in record.changes:
            self._change(entry, change, file)

    def _change(self, entry: Entry, change: Change, file: str) -> None:
        name = change.name.casefold()
        before, said = entry.attributes.get(name, []), [Held(value, file) for value in change.values]
        if change.kind == "add":
            after = before + said
        elif change.kind == "replace":
            after = said
        else:
            gone = {value.text.casefold() for value in change.values}
            after = [each for each in before if gone and each.value.text.casefold() not in gone]
            if entry.whole and (not before or len(before) - len(after) < len(gone)):
                self.notices.append(("missing-value", f"{_words(entry.path)}.{change.name}", file, change.line))
        entry.attributes[name] = after
        if not after:
            del entry.attributes[name]

    def _delete(self, path: Path, record: Record, file: str) -> None:
        key = key_of(path)
        if self.entries.pop(key, None) is None and self._lacks(key):
            self._notice("missing-entry", path, file, record.line)
        if any(each[: len(key)] == key for each in self.entries):
            self._notice("not-empty", path, file, record.line)

    def _move(self, path: Path, record: Record, file: str) -> None:
        said = {value.name.casefold(): value.text for value in record.values}
        above = path_of(said["newsuperior"]) if said.get("newsuperior") else path[:-1]
        old, target = key_of(path), (*above, *path_of(said.get("newrdn", "")))
        if not said.get("newrdn") or old not in self.entries:
            self._notice("missing-entry", path, file, record.line)
            return
        for key in [each for each in self.entries if each[: len(old)] == old]:
            entry = self.entries.pop(key)
            entry.path = (*target, *entry.path[len(old) :])
            self.entries[key_of(entry.path)] = entry

    def _lacks(self, key: Key) -> bool:
        """Is the entry surely not there? Of what the image ships, AEs are known in full."""
        above = self.entries.get(key[:-1])
        known = not self.in_part or key[-1][0] == "dicomaetitle"
        return above is not None and above.whole and known

    def _notice(self, name: str, path: Path, file: str, line: int) -> None:
        self.notices.append((name, _words(path), file, line))


def _words(path: Path) -> str:
    return ".".join(name for _, name in path)
