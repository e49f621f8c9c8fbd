"""Files as text, with every byte that the product takes too."""

from __future__ import annotations

from pathlib import Path

from ..model import BadInput
from ..report.text import clean
from .node import Text

LARGEST = 1024 * 1024  # bytes; no configuration has a hundredth of this


def text_of(file: Path, largest: int = LARGEST) -> Text:
    """Bytes that are no UTF-8 are Latin-1: JsonCpp and DCMTK look at none above 127. Raises BadInput."""
    try:
        if not file.exists():
            raise BadInput(f"{clean(str(file))}: there is no such file or folder")
        if not file.is_file():
            raise BadInput(f"{clean(str(file))}: neither a file nor a folder")
        with file.open("rb") as opened:
            content = opened.read(largest + 1)
    except (OSError, ValueError) as error:
        raise BadInput(f"{clean(str(file))}: {getattr(error, 'strerror', None) or error}") from error
    if len(content) > largest:
        raise BadInput(f"{clean(str(file))}: more than {largest >> 20} MB, which no configuration has")
    try:
        return Text(content.decode("utf-8"), 1)
    except UnicodeDecodeError:
        return Text(content.decode("latin-1"), 1)


def entries(folder: Path) -> list[Path]:
    """The files of a folder, by name. Raises BadInput."""
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_file())
    except (OSError, ValueError) as error:
        raise BadInput(f"{clean(str(folder))}: {getattr(error, 'strerror', None) or error}") from error
