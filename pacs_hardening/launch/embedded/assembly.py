"""Puts the embedded archive together: doors, what answers behind them, and the Target that describes it."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pynetdicom import __version__

from ...model import Door, Impact, Target
from ..running import Running
from ..trail import Trail
from .archive import Archive, Destination
from .auditor import Auditor
from .cast import Cast, gather
from .collector import Collector, tls_context
from .contexts import DeclaredContexts, storage_of
from .dicom import DicomServer
from .faults import Faults
from .gate import Gate
from .hostile import Bearing
from .journal import Journal
from .listener import Listener
from .receiver import Receiver
from .routes import Routes
from .settings import Settings, parse
from .store import Store
from .synthetic import fill, worklist
from .tls import for_dicom, for_web
from .usage import own
from .web import Web


def assemble(environment: Mapping[str, Any], folder: Path, stack: ExitStack) -> Running:
    """Start everything; ``stack`` stops it. Raises BadInput for what ``environment`` must not or fails to say."""
    gc.freeze()  # what was there before is looked through by no collection: a reading of usage() begins with one
    stack.callback(gc.unfreeze)
    settings = parse(environment.get("settings", {}))
    cast = gather(environment, folder, settings)
    faults, trail = Faults(settings), Trail()
    auditor = Auditor(settings, cast.called, cast.keys, _log_server(trail, cast, settings, stack))
    stack.callback(auditor.close)
    journal = Journal(send=auditor.record)
    receiver = Receiver(cast.receiver)
    destination = Destination(cast.receiver, _workstation(receiver, cast, settings, stack))
    limit = cast.query_limit or 0 if settings.limit_queries else 0
    store = Store(overwrite=settings.allow_overwrite)
    fill(store, settings.preloaded_studies)
    secret = next(iter(cast.passwords().values()), b"").decode()
    archive = Archive(
        store,
        limit,
        dict.fromkeys((cast.receiver, *settings.stale_destinations), destination),
        worklist(),
        secret if "dicom" in settings.talkative_errors else "",
    )
    contexts = DeclaredContexts(settings, cast.sop_classes, cast.transfer_syntaxes)
    gate = Gate(settings, cast.called, cast.known(), cast.passcodes(), contexts.services())
    bearing = Bearing(settings)
    stack.callback(bearing.close)
    server = DicomServer(cast.called, settings, gate.admit, contexts, archive.handlers(), journal, faults, bearing)
    stack.callback(server.stop)
    banner = f"pynetdicom {__version__}" if settings.banner else ""
    routes = Routes(
        store,
        limit,
        storage_of(cast.sop_classes),
        frozenset(cast.transfer_syntaxes),
        banner,
        settings.users_may_administer,
    )
    web = Web(settings, cast.passwords(), routes, journal)

    doors = [
        ("dicom", server.serve, for_dicom(settings, cast.keys)),
        ("web", web.serve, for_web(settings, cast.keys)),
        *([("dicom", server.serve, None)] if settings.plaintext_dicom else []),
        *([("web", web.serve, None)] if settings.plaintext_web else []),
    ]
    opened: list[tuple[Door, Listener]] = []

    def die() -> None:
        for _, listener in opened:
            listener.deafen()
        for _, listener in opened:
            listener.close()

    faults.die = die
    for service, serve, context in doors:
        waits = settings.one_handshake_at_a_time
        listener = Listener(service, serve, context, journal, faults, settings.handshake_seconds, waits)
        stack.callback(listener.stop)
        opened.append((Door(service, "127.0.0.1", listener.port, context is not None), listener))
    told = tuple(door for door, _ in opened)
    if settings.forgotten_dicom:
        listener = Listener("forgotten", server.serve, None, journal, faults, settings.handshake_seconds)
        stack.callback(listener.stop)
        opened.append((Door("dicom", "127.0.0.1", listener.port, False), listener))
    start = f"embedded, process {os.getpid()}, start {secrets.token_hex(4)}"
    return Running(
        target=_target(cast, told),
        fingerprint=lambda: "; ".join([start, *(f"{door} {'up' if it.alive else 'down'}" for door, it in opened)]),
        arrivals=receiver.arrivals,
        logs=journal.tail,
        listeners=tuple((door.host, door.port) for door, _ in opened),
        audit=trail.after,
        usage=own,
    )


def _log_server(trail: Trail, cast: Cast, settings: Settings, stack: ExitStack) -> int:
    """Start the log server; gives the port that the archive sends to. It has no share in the archive's faults."""
    secure = tls_context(cast.keys) if settings.audit_tls else None
    serve, sound = Collector(trail).serve, Faults(Settings())
    listener = Listener("log server", serve, secure, Journal(), sound, settings.handshake_seconds)
    stack.callback(listener.stop)
    return listener.port


def _workstation(receiver: Receiver, cast: Cast, settings: Settings, stack: ExitStack) -> int:
    """Start the move destination; gives its port. It is a machine beside the archive: it has no share in the
    archive's faults, and is none of its doors."""
    sound, journal = Faults(Settings()), Journal()
    contexts = DeclaredContexts(Settings(), tuple(storage_of(cast.sop_classes)), cast.transfer_syntaxes)
    server = DicomServer(cast.receiver, Settings(), receiver.admit, contexts, receiver.handlers(), journal, sound)
    listener = Listener("receiver", server.serve, None, journal, sound, settings.handshake_seconds)
    stack.callback(listener.stop)
    return listener.port


def _target(cast: Cast, doors: tuple[Door, ...]) -> Target:
    return Target(
        name="embedded",
        called_aet=cast.called,
        doors=doors,
        nodes=cast.nodes,
        bad_keys=cast.keys.bad,
        users=cast.users,
        routes=cast.routes,
        further=cast.further,
        dangerous=cast.dangerous,
        body_limit=cast.body_limit,
        ca=cast.keys.ca,
        capabilities=cast.capabilities | {"usage"},
        ceiling=Impact.DISRUPTIVE,
        move_destination=cast.receiver,
        query_limit=cast.query_limit,
        sop_classes=cast.sop_classes,
        transfer_syntaxes=cast.transfer_syntaxes,
        verify_server=False,
    )
