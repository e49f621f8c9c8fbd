"""Ways to send HL7 v2 messages: who and what is refused, and what shows nothing."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Event

import pytest

from pacs_hardening.embedded.messages import MessageDoor
from pacs_hardening.embedded.settings import Settings
from pacs_hardening.model import Endpoint, Hl7, Node, Target
from pacs_hardening.model.response import Acknowledged
from pacs_hardening.space.dimension import Base, Way
from pacs_hardening.space.messages import bases, names, types
from pacs_hardening.space.messages.play import MessagePlayer
from pacs_hardening.space.messages.sending import Sending
from pacs_hardening.space.played import Answer, Played
from pacs_hardening.wire import adt, hl7, mllp

HERE = Endpoint("hl7", "127.0.0.1", 2575, False)
SENDER = Hl7("RIS-West", "HOSPITAL", (HERE,), authority="HOSPITAL", may_merge=False)
TARGET = Target("it", "PACS", (), {"all": Node("all", "GATE")}, hl7=SENDER)
Peers = Callable[..., AbstractContextManager[Endpoint]]
Reply = Callable[[bytes], bytes]


def _every() -> dict[str, Base[Sending]]:
    return {base.name: base for base in bases.everybody(TARGET, SENDER)}


def _door(**settings: bool) -> MessageDoor:
    return MessageDoor(SENDER, "GATE", Settings(**settings))  # type: ignore[arg-type]


def _ways(base: Base[Sending]) -> list[Sending]:
    every = [Way.of(base.name, {d.name: v.name}) for d in base.dimensions for v in d.values]
    return [asked for asked in map(base.resolve, [Way(base.name), *every]) if not base.allowed(asked)]


@pytest.mark.parametrize("name", _every())
def test_a_hardened_door_refuses_each_way_and_serves_the_sender(name: str) -> None:
    door, base = _door(), _every()[name]
    for asked in _ways(base):
        assert not hl7.acknowledgment(door.answer(asked.draft.encode(), "GATE")).accepts, asked.draft
    own = base.start.permitted(None).draft
    assert hl7.acknowledgment(door.answer(own.encode(), "GATE")).accepts


def test_no_name_of_another_is_one_of_the_senders() -> None:
    """Of what HL7 does not tell apart nothing may be claimed: spaces behind, and what stands behind the first part."""
    for _, sent, _ in names.resembling(b"RIS-West"):
        first = sent.split(b"^")[0].split(b"~")[0].split(b"&")[0]
        assert first.rstrip(b" ") != b"RIS-West"


def test_a_contradiction_is_none_with_the_structure_that_is_permitted() -> None:
    values = types.contradictions(replace(SENDER, message="ADT^A24^ADT_A24")).values
    assert "structure-ADT_A24" not in {value.name for value in values}


def test_a_door_is_weak_in_one_thing() -> None:
    own, base = adt.Draft.of(SENDER).encode(), _every()
    other, merge = (base[name].start.draft.encode() for name in ("renamed-sender", "sender-merging"))
    accepts = {
        "hl7_any_sender": (other, "GATE"),
        "hl7_any_type": (merge, "GATE"),
    }
    for setting, (raw, name) in accepts.items():
        assert hl7.acknowledgment(_door(**{setting: True}).answer(raw, name)).accepts
    assert not hl7.acknowledgment(_door().answer(own, "OTHER")).accepts
    assert hl7.acknowledgment(_door(hl7_binds_sender=False).answer(own, "OTHER")).accepts


def test_errors_of_a_door_repeat_nothing() -> None:
    raw = replace(adt.Draft.of(SENDER), patient=b"ID-1", name=b"DOE^JANE", type=b"ADT^Z99").encode()
    told, talkative = _door().answer(raw, "GATE"), _door(hl7_talkative_errors=True).answer(raw, "GATE")
    assert b"ID-1" not in told
    assert b"DOE" not in told
    assert b"ID-1" in talkative
    assert b"DOE" in talkative


def _ack(code: bytes, error: bytes = b"") -> bytes:
    ends = b"ERR|||" + error + b"|E\r" if error else b""
    return b"MSH|^~\\&|P|H|||2026||ACK|1|P|2.5.1\rMSA|" + code + b"|1\r" + ends


def _played(peer: Peers, reply: Reply, name: str, **values: str) -> Played:
    """The base ``name`` in one way, after the base as it is; ``reply`` gives the answer to a message, b"" for none."""

    def answer(connection: socket.socket, _: Event) -> None:
        data = b""
        while mllp.END not in data:
            data += connection.recv(1 << 16)
        told = reply(data)
        if told:
            connection.sendall(mllp.block(told))
        else:
            connection.recv(1)  # until the peer has had enough

    with peer(answer, "hl7") as endpoint:
        settings = replace(SENDER, endpoints=(endpoint,))
        target = replace(TARGET, hl7=settings)
        base = next(base for base in bases.everybody(target, settings) if base.name == name)
        player = MessagePlayer(target, None, lambda endpoint: None, seconds=0.5)
        player.play(base, Way(name))
        return player.play(base, Way.of(name, values))


def _is_merge(raw: bytes) -> bool:
    return b"|ADT^A4" in raw


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        (_ack(b"AA"), Answer.SERVED),
        (_ack(b"CA"), Answer.SERVED),
        (_ack(b"AE", b"204"), Answer.SERVED),  # it looked for the patient
        (_ack(b"AR"), Answer.REFUSED),
        (_ack(b"AE", b"201"), Answer.REFUSED),
        (_ack(b"AE", b"207"), Answer.UNMEASURED),  # of a sender who may send: of the type, or of what follows from it?
        (_ack(b"AE"), Answer.UNMEASURED),
    ],
)
def test_a_merge_of_the_sender_is_refused_for_its_type_alone(peer: Peers, told: bytes, answer: Answer) -> None:
    assert _played(peer, lambda raw: told if _is_merge(raw) else _ack(b"AA"), "sender-merging").answer is answer


def test_whoever_may_not_send_is_refused_by_any_failure(peer: Peers) -> None:
    played = _played(peer, lambda raw: _ack(b"AE", b"207"), "renamed-sender")
    assert (played.answer, played.response) == (
        Answer.REFUSED,
        Acknowledged(hl7.acknowledgment(_ack(b"AE")).code, frozenset({207})),
    )


def test_what_is_refused_to_all_shows_nothing(peer: Peers) -> None:
    """A version that the receiver does not read: a merge is refused for that, and so is what may be sent."""

    def reply(raw: bytes) -> bytes:
        if b"|3.0\r" in raw:
            return _ack(b"AE", b"207")
        return _ack(b"AR") if _is_merge(raw) else _ack(b"AA")

    played = _played(peer, reply, "sender-merging", version="3.0")
    assert (played.answer, played.hidden) == (Answer.REFUSED, True)


def test_silence_is_a_refusal_only_where_all_meet_it(peer: Peers) -> None:
    mute = _played(peer, lambda raw: b"" if raw.startswith(b"\x0bmsh") else _ack(b"AR"), "renamed-sender",
                   spelling="lower-case-header")  # fmt: skip
    assert (mute.answer, mute.hidden) == (Answer.REFUSED, True)

    def drops_merges_in_silence(raw: bytes) -> bytes:
        return (b"" if b"|3.0\r" in raw else _ack(b"AR")) if _is_merge(raw) else _ack(b"AA")

    assert _played(peer, drops_merges_in_silence, "sender-merging", version="3.0").answer is Answer.UNMEASURED
