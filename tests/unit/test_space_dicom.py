"""The DICOM space against the archive of this process: its tables, and an opening found by its smallest cause."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pynetdicom.pdu import A_ASSOCIATE_RQ

from pacs_hardening.embedded import start
from pacs_hardening.launch.environment import discover
from pacs_hardening.model import Impact, Target
from pacs_hardening.model.space import Cause
from pacs_hardening.report import causes
from pacs_hardening.space import notation, people, services
from pacs_hardening.space.bid import Bid
from pacs_hardening.space.claim import Claim, Explored
from pacs_hardening.space.dimension import Base, Way
from pacs_hardening.space.play import Player
from pacs_hardening.space.played import Answer
from pacs_hardening.wire.implementations import REAL, of_seed, ours


@contextmanager
def archive(folder: Path, *openings: Mapping[str, object], **settings: object) -> Iterator[Target]:
    raw = tomllib.loads((discover()["embedded"] / "environment.toml").read_text())
    with start({**raw, "openings": list(openings), "settings": settings}, folder / "archive") as running:
        yield running.target


def waived(condition: str, fact: str, relation: str, value: str) -> dict[str, object]:
    test = {"fact": fact, "relation": relation, "value": value}
    return {"condition": condition, "how": "waived", "when": [test], "grants": ["find"]}


def explored(target: Target, budget: float = 0.0) -> Explored:
    bases = list(people.strangers(target))
    return Claim("a stranger", bases, Player(target), budget=budget or 0.2, seed=1).explore()


def found(folder: Path, *openings: Mapping[str, object]) -> list[Cause]:
    with archive(folder, *openings) as target:
        return [cause for cause, _ in explored(target).causes]


def test_a_hardened_archive_refuses_in_every_way(tmp_path: Path) -> None:
    with archive(tmp_path) as target:
        result = explored(target)
    assert not result.causes
    assert result.coverage.values[0] == result.coverage.values[1] > 500
    assert result.coverage.ways > 200
    assert result.coverage.served == result.coverage.unmeasured == 0
    assert result.proofs >= 2


def test_an_implementation_class_uid_that_lets_in_is_named(tmp_path: Path) -> None:
    opening = waived("node-known", "implementation-class", "is", "1.2.40.0.13.1.3")
    (cause,) = found(tmp_path, opening)
    ((dimension, values),) = cause.needs
    assert dimension == "implementation"
    assert all(value.startswith("dcm4che dcm4che-5") for value in values)
    assert cause.bases == ("unknown-device",)
    assert cause.request.startswith("C-FIND")
    assert "implementation is 'dcm4che dcm4che-5" in causes.text(cause)


def test_that_everybody_is_let_in_needs_nothing(tmp_path: Path) -> None:
    opening = {"condition": "node-known", "how": "waived", "when": [], "grants": ["find"]}
    result = found(tmp_path, opening)
    assert [cause.needs for cause in result if cause.bases == ("unknown-device",)] == [()]


def test_two_things_together_are_found_and_both_named(tmp_path: Path) -> None:
    first, second = (
        {"fact": "implementation-class", "relation": "is", "value": "1.2.840.113619.6.323"},
        {"fact": "asynchronous", "relation": "given", "value": ""},
    )
    opening = {"condition": "node-known", "how": "waived", "when": [first, second], "grants": ["find"]}
    with archive(tmp_path, opening) as target:
        (base,) = (base for base in people.strangers(target) if base.name == "unknown-device")
        way = Way.of(base.name, {"async-window": "5-5", "implementation": "GE LOGIQ LOGIQS8_1", "level": "SERIES"})
        claim = Claim("a stranger", [base], Player(target), budget=0.2, seed=1)
        claim._bases()
        claim._note(claim.player.play(base, way))
        ((cause, _),) = claim.causes.result()
    assert cause.needs == (("async-window", ("5-5",)), ("implementation", ("GE LOGIQ LOGIQS8_1",)))


def test_a_later_message_that_is_served_is_found(tmp_path: Path) -> None:
    with archive(tmp_path, waived("service-permitted", "message", "above", "1")) as target:
        bases = [base for base in people.overreaching(target) if base.name == "store-node"]
        result = Claim("a node", bases, Player(target), budget=0.2, seed=1).explore()
    assert result.causes


def test_an_archive_that_refuses_all_proves_nothing(tmp_path: Path) -> None:
    with archive(tmp_path) as target:
        nobody = replace(target.nodes["all"], aet="NOT-KNOWN")
        with pytest.raises(Exception, match="authorised node was not served"):
            explored(replace(target, nodes={**target.nodes, "all": nobody}))


def _every_base(folder: Path, ceiling: Impact) -> list[Base[Bid]]:
    with archive(folder) as target:
        target = replace(target, ceiling=ceiling)
        every = (people.strangers, people.storing_strangers, people.overreaching, people.renamed)
        return [base for bases in every for base in people.permitted(bases(target), target)]


def test_each_value_makes_a_request_that_can_be_sent(tmp_path: Path) -> None:
    for base in _every_base(tmp_path, Impact.DISRUPTIVE):
        for dimension in base.dimensions:
            for value in dimension.values:
                way = Way.of(base.name, [(dimension.name, value.name)])
                assert notation.read(notation.write(way)) == way
                bid = base.resolve(way)
                encoded = bid.associate_request(bid.asks()).encode()
                assert len(encoded) - 6 == int.from_bytes(encoded[2:6], "big")
                for ask in bid.asks()[:3]:
                    services.operation(ask, bid.manner, bid.target)


def test_a_plain_value_is_an_association_request_that_others_read(tmp_path: Path) -> None:
    (base,) = (base for base in _every_base(tmp_path, Impact.PASSIVE) if base.name == "unknown-device")
    for name in ("implementation", "async-window", "extended", "common-extended", "user-identity", "storage-role"):
        for value in base.dimension(name).values:
            if value.mixes and "empty" not in value.name:
                bid = base.resolve(Way.of(base.name, [(name, value.name)]))
                decoded = A_ASSOCIATE_RQ()
                decoded.decode(bid.associate_request(bid.asks()).encode())
                assert decoded.to_primitive().calling_ae_title == bid.calling.decode(), value.name


def test_a_value_that_mixes_is_no_reason_to_refuse_an_authorised_node(tmp_path: Path) -> None:
    """Otherwise it would hide what the values beside it do."""
    own = ("calling", "called", "certificate", "user-identity", "request")
    with archive(tmp_path) as target:
        player = Player(target)
        (base,) = (base for base in people.strangers(target) if base.name == "unknown-device")
        node = people.authorised(target, base.start.endpoint, target.nodes["all"])
        for dimension in base.dimensions:
            for value in dimension.values:
                if value.mixes and dimension.name not in own:
                    bid = replace(value.change(node), requests=(services.FIND,))
                    assert player.ask(bid, Way("all")).answer is Answer.SERVED, f"{dimension.name} {value.name}"


def test_nothing_passive_writes_or_matches(tmp_path: Path) -> None:
    for base in _every_base(tmp_path, Impact.PASSIVE):
        for dimension in base.dimensions:
            for value in dimension.values:
                bid = base.resolve(Way.of(base.name, [(dimension.name, value.name)]))
                assert all(ask.service in ("C-ECHO", "C-FIND", "C-GET", "C-MOVE", "N-GET") for ask in bid.asks())
                assert bid.manner.keys in ("nothing", "list")


def test_the_catalogue_has_every_kind_of_service() -> None:
    kinds = {request.service for request in services.TABLE.values()}
    assert kinds >= {"C-ECHO", "C-STORE", "C-FIND", "C-GET", "C-MOVE", "N-GET", "N-SET", "N-ACTION", "N-CREATE"}
    finds = [request for request in services.TABLE.values() if request.service == "C-FIND"]
    assert len(finds) > 15
    assert len(services.storage_classes()) > 150


def test_a_run_announces_what_a_real_client_does() -> None:
    assert ours() in REAL
    assert len({of_seed(seed).implementation.uid for seed in range(100)}) > 3
    assert all(len(each.version) <= 16 for each in REAL)


def test_who_is_itself_may_be_served(tmp_path: Path) -> None:
    """An authorised node is no way of the space: its own title, and trailing spaces, are allowed."""
    with archive(tmp_path) as target:
        (base,) = (base for base in people.overreaching(target) if base.name == "name-of-another")
        own = base.resolve(Way.of(base.name, [("calling", "of-query")]))
        assert base.allowed(own)
        assert base.allowed(replace(own, calling=own.calling + b" "))
        assert not base.allowed(replace(own, calling=b" " + own.calling))
        assert not base.allowed(base.start)


def test_what_an_authorised_node_is_told_too_counts_as_served(tmp_path: Path) -> None:
    """A failure that complains about the object shows that the archive looked for it."""
    with archive(tmp_path) as target:
        player, ask = Player(target), services.TABLE[services.MOVE]
        (base,) = (base for base in people.overreaching(target) if base.name == "store-node")
        bid = replace(base.start, target=replace(target, move_destination="NOBODY"))
        player.target = bid.target
        assert player._looked(ask, bid, 0xA801)
        assert not player._looked(ask, bid, 0xC001)
        assert not player._looked(ask, bid, 0x0124)
        assert player.play(base, Way(base.name)).answer is Answer.ADMITTED
