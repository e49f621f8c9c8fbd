"""The first table: what a peer can vary and standards name. Each row is one value, by the place where it is seen."""

from __future__ import annotations

from . import association, message, services, web

PLACES = {
    "association": association.association,
    "titles": association.titles,
    "sni": association.server_names,
    "message": message.message,
    "limit": message.limit,
    "stored": message.stored,
    "storage": services.storage,
    "destination": message.destination,
    "web": web.web,
}
