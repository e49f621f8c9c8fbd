"""Our PDUs against pynetdicom's, which was written by others from the same clauses."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pynetdicom.dimse_messages import C_FIND_RQ, C_STORE_RQ
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ, P_DATA_TF

from pacs_hardening.wire import (
    dimse,
    operations,
    pdu,
    scu,
)


def request(**more: Any) -> pdu.AssociateRequest:
    contexts = (
        pdu.Context(1, operations.VERIFICATION),
        pdu.Context(3, operations.GET["STUDY"], (pdu.EXPLICIT_LE, "1.2.3")),
    )
    items = (
        pdu.user_identity(2, b"user", b"pass"),
        pdu.role_selection(operations.SECONDARY_CAPTURE, scu=False, scp=True),
    )
    return pdu.AssociateRequest(b"CALLED", b"CALLING", contexts, user_items=items, **more)


def test_associate_request_is_read_by_pynetdicom() -> None:
    read = A_ASSOCIATE_RQ()
    read.decode(request().encode())
    assert (read.called_ae_title, read.calling_ae_title) == ("CALLED", "CALLING")
    assert read.application_context_name == "1.2.840.10008.3.1.1.1"
    contexts = read.presentation_context
    assert [(c.context_id, c.abstract_syntax) for c in contexts] == [
        (1, operations.VERIFICATION),
        (3, operations.GET["STUDY"]),
    ]
    assert [str(t) for t in contexts[1].transfer_syntax] == [pdu.EXPLICIT_LE, "1.2.3"]
    information: Any = read.user_information
    identity = information.user_identity
    assert (identity.user_identity_type, identity.primary_field, identity.secondary_field) == (2, b"user", b"pass")
    assert information.maximum_length == 16384
    assert len(read.encode()) == len(request().encode())


def test_illegal_values_are_sent_as_they_are() -> None:
    encoded = request(protocol_version=2, application_context=b"1.2.3").encode()
    assert encoded[6:8] == b"\0\2"
    assert b"\x10\0\0\x051.2.3" in encoded
    bad = pdu.AssociateRequest(b"A\\B", b"\x1b\0", ())
    assert bad.encode()[26:42] == b"\x1b\0" + b" " * 14


@cache
def accept_from_pynetdicom() -> bytes:
    rq = A_ASSOCIATE_RQ()
    rq.decode(request().encode())
    primitive: Any = rq.to_primitive()
    primitive.result, primitive.result_source = 0, 1
    primitive.presentation_context_definition_results_list = rq.presentation_context and [
        c.to_primitive() for c in rq.presentation_context
    ]
    for context, result in zip(primitive.presentation_context_definition_results_list, (0, 3), strict=True):
        context.result = result
        context.transfer_syntax = context.transfer_syntax[:1]
    ac = A_ASSOCIATE_AC()
    ac.from_primitive(primitive)
    return ac.encode()


def test_accept_of_pynetdicom_is_read() -> None:
    accepted = pdu.parse_accept(accept_from_pynetdicom()[6:])
    assert accepted.results[1] == (0, pdu.IMPLICIT_LE)
    assert accepted.results[3][0] == 3
    assert accepted.max_pdu == 16384


@given(st.binary(max_size=400))
def test_reading_never_fails_in_another_way_than_protocol_error(data: bytes) -> None:
    for read in (pdu.parse_accept, lambda d: list(pdu.fragments(d)), dimse.decode_command):
        try:
            read(data)
        except pdu.ProtocolError:
            continue


@given(st.integers(0, 300), st.integers(0, 255))
def test_a_damaged_accept_never_fails_in_another_way(position: int, value: int) -> None:
    body = bytearray(accept_from_pynetdicom()[6:])
    body[position % len(body)] = value
    try:
        pdu.parse_accept(bytes(body))
    except pdu.ProtocolError:
        return


@given(st.binary(max_size=70000), st.integers(8, 20000))
def test_fragments_join_to_what_was_cut(payload: bytes, max_pdu: int) -> None:
    joined, last = b"", list[bool]()
    for whole in pdu.pdvs(5, payload, command=False, max_pdu=max_pdu):
        assert len(whole) - 6 <= max_pdu
        for context, is_command, is_last, piece in pdu.fragments(whole[6:]):
            assert (context, is_command) == (5, False)
            joined, last = joined + piece, [*last, is_last]
    assert joined == payload
    assert last[-1]
    assert not any(last[:-1])


@pytest.mark.parametrize(
    ("operation", "message"),
    [(operations.find("STUDY"), C_FIND_RQ), (operations.store(operations.synthetic_object()), C_STORE_RQ)],
    ids=["C-FIND", "C-STORE"],
)
def test_messages_are_read_by_pynetdicom(operation: scu.Operation, message: type) -> None:
    command = {**operation.command, dimse.MESSAGE_ID: 7, dimse.DATA_SET_TYPE: 0}
    sent = [*pdu.pdvs(1, dimse.encode_command(command), command=True, max_pdu=200)]
    sent += pdu.pdvs(1, operation.payload or b"", command=False, max_pdu=200)
    read = message()
    complete = []
    for whole in sent:
        data = P_DATA_TF()
        data.decode(whole)
        complete.append(read.decode_msg(data.to_primitive()))
    assert complete == [False] * (len(sent) - 1) + [True]
    primitive = read.message_to_primitive()
    assert primitive.MessageID == 7
    assert str(primitive.AffectedSOPClassUID) == operation.sop_class


def test_number_and_pending_statuses() -> None:
    raw = dimse.encode_command({dimse.STATUS: 0xFF00, dimse.FIELD: 0x8020, dimse.AFFECTED_CLASS: "1.2.3"})
    read = dimse.decode_command(raw)
    assert dimse.number(read, dimse.STATUS) in dimse.PENDING
    assert read[dimse.AFFECTED_CLASS] == b"1.2.3\0"
    assert dimse.number(read, dimse.MOVE_DESTINATION, 9) == 9


def test_a_file_is_a_dicom_file() -> None:
    from io import BytesIO

    from pydicom import dcmread

    written = dimse.encode_file(operations.synthetic_object())
    read: Dataset = dcmread(BytesIO(written))
    assert read.PatientName == "TEST^SYNTHETIC"
    assert read.PixelData == b"TEST"
