"""``pacs-hardening replay FILE_OR_WAY --target …``: has one conversation again, and says what came of it.

A file is that of a malformation; a way is a line such as ``unknown-device | implementation=…``, as a report says it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ..config import targetfile
from ..fuzz import casefile
from ..fuzz.hostile import HostilePeers, canaries
from ..fuzz.verdict import judge_batch
from ..launch.environment import Environment
from ..model import BadInput, Impact, Status, Unmeasurable
from ..model.running import Running
from ..probes.authorised import Authorised, EchoOnly
from ..probes.authorised.study import store_sample_study
from ..report import words
from ..space import notation, people
from ..space.bounds import destination
from ..space.bounds.destination import ELSEWHERE
from ..space.bounds.guessing import GUESSING
from ..space.bounds.listing import LISTING
from ..space.bounds.posted import POSTING
from ..space.bounds.query import LIMITED
from ..space.bounds.stored import FORGING
from ..space.dimension import Base, Kind, Way
from ..space.messages import bases as senders
from ..space.messages.play import MessagePlayer
from ..space.play import Player
from ..space.played import Answer, Asked, Played, Plays
from ..space.web.bases import ASKING
from ..space.web.play import NAMES, WebPlayer

T = TypeVar("T", bound=Asked)


def run(options: argparse.Namespace) -> int:
    """0: the case was survived, or the way refused; 1: it was not. Raises BadInput, and Unmeasurable where the target
    was not served before."""
    if bool(options.target) == bool(options.environment):
        raise BadInput("replay needs one of --target and --environment")
    base = _who(options.case)
    if base in (*people.NAMES, *senders.NAMES, *NAMES.values()) or base.endswith(ELSEWHERE):
        return _way(notation.read(options.case), options)
    if base.endswith((LIMITED, FORGING)) or base in (LISTING, POSTING, GUESSING):
        again = "limits_query or overwrite or throttles"
        raise BadInput(f"{base!r}: what was done for it first is gone; ask again by gate -k '{again}'")
    case = casefile.read(Path(options.case))
    with _running(options) as running:
        authorised = (EchoOnly if options.echo_only else Authorised)(running.target)
        if running.target.ceiling >= Impact.WRITES and not options.echo_only:
            authorised = Authorised(replace(running.target, sample_study=store_sample_study(authorised)))
        service = "web" if case.malformation.startswith("web.") else "dicom"
        peers = HostilePeers.at(authorised, running.fingerprint, service)
        born = running.fingerprint()
        (batch,) = peers.batches([case])
        found = judge_batch(batch, born, canaries(authorised.target), strictly=options.strict)
    print(f"{case.name} ({case.clause}), expected: {case.expects.value}")
    for _, answer in batch.answers:
        print(f"answer: {words.text(answer.said)}")
    for each in found:
        print(f"{Status.FAIL}: {each.fault}: {words.text(each.how)}")
    if not found:
        print(f"{Status.PASS}: refused or survived; others were served meanwhile and afterwards")
    sys.stdout.flush()
    return 1 if found else 0


def _who(text: str) -> str:
    """Of a base or a way, without the endpoint and the route."""
    return text.partition(" | ")[0].partition(ASKING)[0].partition("@")[0]


def _way(way: Way, options: argparse.Namespace) -> int:
    """Once, beside an authorised node who is served."""
    with _running(options) as running:
        target = running.target
        if target.ceiling >= Impact.WRITES:
            target = replace(target, sample_study=store_sample_study(Authorised(target)))
        who = _who(way.base)
        if party := next((each for each, name in NAMES.items() if name == who), None):
            web = WebPlayer.of(target, Authorised(target).user())
            played, served = _once(way, [(player, base) for player in web for base in player.bases(party)])
        elif who.endswith(ELSEWHERE):
            if target.sample_study is None:
                raise BadInput(f"{way.base!r} needs a study of ours to have sent: --allow writes")
            sending = destination.SendingPlayer(target)
            played, served = _once(way, [(sending, base) for base in destination.bases(target, target.sample_study)])
        elif who in senders.NAMES:
            sender = Authorised(target)
            mailing = MessagePlayer(target, sender.sender_keys(), sender.hl7)
            played, served = _once(way, [(mailing, base) for base in senders.everybody(target, sender.messaging())])
        else:
            player = Player(target)
            played, served = _once(way, [(player, base) for base in people.everybody(target)])
    print(notation.write(way))
    for line in played.transcript:
        print(f"  {words.text(line)}")
    print(f"{Status.FAIL if served else Status.PASS}: {played.answer.name.lower()} {played.request}".rstrip())
    if played.answer is Answer.UNMEASURED:
        raise Unmeasurable("there was no answer: ", played.response or "")
    return 1 if served else 0


def _once(way: Way, everybody: Iterable[tuple[Plays[T], Base[T]]]) -> tuple[Played, bool]:
    """What came of it, and whether it should not have: letting in is none where the base is let in as it is. Raises
    BadInput for a way that nobody of them has."""
    found = next(((player, base) for player, base in everybody if base.name == way.base), None)
    if found is None:
        raise BadInput(f"{notation.write(way)!r}: this target knows no {way.base!r}")
    player, base = found
    try:
        bid = base.resolve(way)
    except KeyError as error:
        raise BadInput(f"{notation.write(way)!r}: this target knows no {error}") from error
    player.prove_served(base)

    def admits() -> bool:
        if not way.values:
            return base.kind is not Kind.STRANGER
        return player.play(base, Way(base.name)).answer is Answer.ADMITTED

    played = player.ask(bid, way)
    return played, played.violates(admits)


@contextmanager
def _running(options: argparse.Namespace) -> Iterator[Running]:
    if options.environment:
        with Environment.load(options.environment).start(options.weakness) as running:
            yield running
    else:
        yield Running(targetfile.read(options.target), fingerprint=lambda: "", arrivals=None, logs=lambda: "")
