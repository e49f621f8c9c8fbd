"""The embedded archive in a process of its own: what asks as fast as it can and what answers would both wait for one
interpreter lock; and what the archive holds is then the archive's alone."""

from __future__ import annotations

import copyreg
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from types import MappingProxyType
from typing import Any

from ..model import BadInput, Unmeasurable
from ..model.running import Running

STOP_S = 10.0
_ASKED = ("fingerprint", "arrivals", "logs", "audit", "usage")


def _read_only(table: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(table)


copyreg.pickle(MappingProxyType, lambda proxy: (_read_only, (dict(proxy),)))


class _Line:
    """One function of the other process, called over a pipe; whoever comes second waits."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._lock = pipe, Lock()

    def __call__(self, *arguments: Any) -> Any:
        """Raises BadInput and Unmeasurable as the function does, the latter also where that process has ended."""
        with self._lock:
            try:
                self._pipe.send(arguments)
                answer, error = self._pipe.recv()
            except (EOFError, OSError):
                raise Unmeasurable("the process of the embedded archive has ended") from None
        if error is not None:
            raise error
        return answer


@contextmanager
def start(environment: Mapping[str, Any], folder: Path) -> Iterator[Running]:
    """As `embedded.start`. The process ends with this one, however that ends: it then reads the end of a pipe."""
    context = multiprocessing.get_context("spawn")
    pipes = {name: context.Pipe() for name in ("started", *_ASKED)}
    theirs = {name: pipe[1] for name, pipe in pipes.items()}
    process = context.Process(target=_serve, args=(dict(environment), folder, theirs), name="embedded archive")
    process.start()
    for pipe in theirs.values():
        pipe.close()
    lines = {name: _Line(pipe[0]) for name, pipe in pipes.items()}
    try:
        target, listeners = lines["started"]()
        asked: dict[str, Any] = {name: lines[name] for name in _ASKED}
        yield Running(target, listeners=listeners, **asked)
    finally:
        for ours, _ in pipes.values():
            ours.close()
        process.join(STOP_S)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _serve(environment: Mapping[str, Any], folder: Path, pipes: Mapping[str, Connection]) -> None:
    from pydicom import config
    from pynetdicom import _config

    from .assembly import assemble

    config.settings.reading_validation_mode = config.IGNORE  # of each UID of each context: a fifth of its work
    _config.LOG_HANDLER_LEVEL = "none"  # of each message, for a log that nobody reads: a quarter of its work
    _config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's is meant for the suite, which then closes the pipes
    with ExitStack() as stack:

        def begin() -> tuple[Any, ...]:
            running = assemble(environment, folder, stack)
            for name in _ASKED:
                Thread(target=_answer, args=(pipes[name], getattr(running, name)), daemon=True).start()
            return running.target, running.listeners

        _answer(pipes["started"], begin)


def _answer(pipe: Connection, asked: Callable[..., Any]) -> None:
    """Until the other end is closed."""
    with suppress(EOFError, OSError):
        while True:
            arguments = pipe.recv()
            answer, failed = None, None
            try:
                answer = asked(*arguments)
            except (BadInput, Unmeasurable) as error:
                failed = error
            pipe.send((answer, failed))
