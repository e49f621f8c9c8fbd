"""The body of a STOW-RS request (PS3.18 10.5.1)."""

from __future__ import annotations

_BOUNDARY = "pacs-hardening-part"
TYPE = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'


def body(part: bytes) -> bytes:
    """With one object."""
    head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return head + part + f"\r\n--{_BOUNDARY}--\r\n".encode()
