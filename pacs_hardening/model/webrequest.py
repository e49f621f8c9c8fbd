"""A request that is particular to a product. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field

from .declared import Flag, Text, key

# Those that a control asks for more than one of.
ROUTES = ("qido", "wado-rs", "wado-uri", "rest", "ui", "metrics")
_PATH = r"/([!-z|~]|\{(study|series|instance)\})*"  # no braces beside the known placeholders
_WORDS = ("a path", "/…, with {study}, {series}, {instance}")
PATH = Text(_PATH, *_WORDS)
PATH_OR_NONE = Text(rf"|{_PATH}", _WORDS[0], f'{_WORDS[1]}; "" for none')


@dataclass(frozen=True)
class WebRequest:
    """An HTTP request that is particular to a product. ``path`` and ``body`` may hold ``{study}``, ``{series}`` and
    ``{instance}``; ``type`` is the body's content type; ``route`` the name of the route that it belongs with; ``does``
    says what the request would do.

    ``absent``: it names an object that does not exist, so that 404 says that the archive looked for it.
    ``unfinished``: only its head is sent, and a body announced that never comes; so nothing can come of it.
    """

    path: str = field(metadata=key(PATH, "May hold {study}, {series} and {instance}.", '"/patients?expand"'))
    method: str = field(default="GET", metadata=key(Text("[A-Z]{3,20}"), "The method.", '"POST"'))
    route: str = field(
        default="rest",
        metadata=key(
            Text("|".join(ROUTES), "a route", ", ".join(ROUTES)),
            "The route that it belongs with, and is asked beside.",
            '"rest"',
            was="door",
        ),
    )
    body: str = field(
        default="", metadata=key(Text(), "May hold the same placeholders as the path.", '\'{"study": "{study}"}\'')
    )
    type: str = field(
        default="", metadata=key(Text("|[!-~][ -~]*"), "The content type of the body.", '"application/json"')
    )
    does: str = field(default="", metadata=key(Text(), "What it would do, in words.", '"deletes a patient"'))
    absent: bool = field(
        default=False,
        metadata=key(Flag(), "There is no such object: 404 says that the archive looked for it.", "true"),
    )
    unfinished: bool = field(
        default=False,
        metadata=key(Flag(), "Only the head is sent, and a body announced that never comes.", "true"),
    )
