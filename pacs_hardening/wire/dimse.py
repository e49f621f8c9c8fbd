"""DIMSE messages as bytes (PS3.7 9 and E): command sets are Implicit VR Little Endian, group 0000."""

from __future__ import annotations

import struct
from io import BytesIO

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian

from . import ledger
from .pdu import ProtocolError

C_STORE, C_GET, C_FIND, C_MOVE, C_ECHO = 0x0001, 0x0010, 0x0020, 0x0021, 0x0030
N_GET, N_SET, N_ACTION, N_CREATE, N_DELETE = 0x0110, 0x0120, 0x0130, 0x0140, 0x0150
RESPONSE = 0x8000
NO_DATA_SET = 0x0101
PENDING = (0xFF00, 0xFF01)

# Element numbers of group 0000 (PS3.7 E.1)
AFFECTED_CLASS, REQUESTED_CLASS, FIELD, MESSAGE_ID, RESPONDED_ID = 0x0002, 0x0003, 0x0100, 0x0110, 0x0120
MOVE_DESTINATION, PRIORITY, DATA_SET_TYPE, STATUS = 0x0600, 0x0700, 0x0800, 0x0900
AFFECTED_INSTANCE, REQUESTED_INSTANCE, ACTION_TYPE, COMPLETED = 0x1000, 0x1001, 0x1008, 0x1021
MOVE_ORIGINATOR, MOVE_ORIGINATOR_ID = 0x1030, 0x1031

Command = dict[int, bytes | str | int]


def command_field(command: Command) -> int:
    """What kind of message a command of ours is (PS3.7 E.1)."""
    field = command[FIELD]
    assert isinstance(field, int)
    return field


def encode_command(command: Command) -> bytes:
    """The command set with its group length. Numbers are US; text is padded to even length."""
    body = b""
    for element in sorted(command):
        value = command[element]
        if isinstance(value, int):
            raw = struct.pack("<H", value)
        else:
            raw = value.encode("ascii") if isinstance(value, str) else value
            raw += (b" " if element in (MOVE_DESTINATION, MOVE_ORIGINATOR) else b"\0") * (len(raw) % 2)
        body += struct.pack("<HHI", 0, element, len(raw)) + raw
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def decode_command(data: bytes) -> dict[int, bytes]:
    """Element number -> raw value. Raises ProtocolError where an element runs past the end."""
    found: dict[int, bytes] = {}
    while data:
        if len(data) < 8:
            raise ProtocolError("a command set ends in the middle of an element")
        _, element, length = struct.unpack("<HHI", data[:8])
        if len(data) < 8 + length:
            raise ProtocolError("an element of a command set runs past its end")
        found[element] = data[8 : 8 + length]
        data = data[8 + length :]
    return found


def number(command: dict[int, bytes], element: int, default: int = 0) -> int:
    return int.from_bytes(command[element][:2], "little") if element in command else default


def encode_dataset(dataset: Dataset, *, implicit: bool = True) -> bytes:
    """A data set without preamble and file meta information, Little Endian."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def decode_dataset(data: bytes, *, whole: bool = True) -> Dataset:
    """A data set without preamble and file meta information, Little Endian. Raises ProtocolError; where it
    is not decoded as a ``whole``, a value that cannot be read shows when it is looked at."""
    implicit = not data[4:6].isalpha()  # of a first element that is explicit, this is the representation
    try:
        found: Dataset = read_dataset(BytesIO(data), is_implicit_VR=implicit, is_little_endian=True)
        if whole:
            found.decode()
    except (InvalidDicomError, ValueError, EOFError, KeyError, struct.error) as error:
        raise ProtocolError("a data set that cannot be read") from error
    return found


def in_explicit(data: bytes) -> bytes:
    """A data set in Explicit VR Little Endian, whichever of the two it was in."""
    return data if data[4:6].isalpha() else encode_dataset(decode_dataset(data), implicit=False)


def encode_file(dataset: Dataset) -> bytes:
    """A DICOM file (PS3.10 7): preamble, file meta information, data set in Explicit VR Little Endian. It is made to be
    sent, and whether a web server keeps it nobody can tell from its answer: the ledger has it from now on."""
    ledger.made(dataset)
    ledger.sent(str(dataset.SOPInstanceUID))
    buffer = BytesIO()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    FileDataset(buffer, dataset, file_meta=meta, preamble=bytes(128)).save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
