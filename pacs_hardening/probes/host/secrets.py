"""Where secrets stand, by what they are called or by their value. No value leaves this module."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Mapping, Sequence

from ...model import Unmeasurable
from .facts import Kept

_PASSWORD = r"(?:root|admin|config|db)?pass(?:word|wd|phrase|code)?"
_SECRET = rf"(?:{_PASSWORD}|secret|token|credentials?|(?:api|private|access)[_.-]?key)s?"
_NAME = re.compile(rf"(?:.*[_.-])?{_SECRET}(?:[_.-].*)?", re.IGNORECASE)
_DISTINCT = 8  # bytes
_ASSIGNMENT = re.compile(r"\b([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S+)")


def _is_secret(name: str, value: str) -> bool:
    """A path, a switch, or the name of another variable is no secret itself."""
    value = value.strip("\"'")
    if not value or value.startswith(("/", "$")) or value.lower() in ("true", "false", "yes", "no", "0", "1"):
        return False
    return not name.lower().endswith(("_file", "_path", "-file", "-path")) and bool(_NAME.fullmatch(name))


def _stands(value: bytes, text: bytes) -> bool:
    """Is it there? A short one may be a word like any other (``demo`` in ``demoCA``), so it has to be a whole value:
    alone, in quotes, or after a sign that something is set to it."""
    if len(value) >= _DISTINCT:
        return value in text
    return re.search(rb"(?:\A|[\"'=:]\s*)" + re.escape(value) + rb"(?![\w-])", text) is not None


def mentioned(
    secrets: Mapping[str, str],
    *,
    environment: Iterable[str] = (),
    arguments: Sequence[str] = (),
    history: Iterable[str] = (),
) -> tuple[str, ...]:
    """Where secrets stand, by what they are called or by their value; never the value."""

    def valued(text: str, where: str) -> list[str]:
        return [f"{what} {where}" for what, value in secrets.items() if _stands(value.encode(), text.encode())]

    found = []
    for each in environment:
        name, _, value = each.partition("=")
        if _is_secret(name, value) or valued(value, ""):
            found.append(f"a secret in the environment variable {name}")
    for argument, following in zip(arguments, (*arguments[1:], ""), strict=False):
        option, _, value = argument.partition("=")
        value = value or ("" if following.startswith("-") else following)
        if option.startswith("-") and _is_secret(option.lstrip("-"), value):
            found.append(f"a secret after the option {option} of {arguments[0]}")
        found += valued(argument, f"on the command line of {arguments[0]}")
    for step in history:
        names = [name for name, value in _ASSIGNMENT.findall(step) if _is_secret(name, value)]
        found += [f"a secret as {name} in the history of the image" for name in names]
        found += valued(step, "in the history of the image")
    return tuple(dict.fromkeys(found))


_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def kept(archive: bytes, secrets: Mapping[str, str], mounts: Mapping[str, Sequence[str]]) -> tuple[Kept, ...]:
    """The files in a tar ``archive`` that hold a secret."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        members = files.getmembers()
        if not members:
            raise Unmeasurable("no file could be read inside")
        for member in members:
            file = files.extractfile(member) if member.isfile() else None
            content = file.read() if file else b""
            what = ["a private key"] if _PRIVATE_KEY.search(content) else []
            what += [name for name, value in secrets.items() if _stands(value.encode(), content)]
            path = "/" + member.name.lstrip("/")
            layered = not any(mount != "/" and (path == mount or path.startswith(f"{mount}/")) for mount in mounts)
            found += [Kept(path, each, member.mode & 0o777, member.uid, layered) for each in what]
    return tuple(found)
