"""Files in the portal's file store, as attachments of tickets."""

from typing import Any

from simulator.state.clock import iso
from simulator.state.portal import Portal

_FIRST_ID = 180_100_000_001


def add(portal: Portal, given: dict[str, Any]) -> dict[str, Any]:
    """Puts a file into the store; returns its id. `name` with extension, `size` in bytes."""
    name, _, extension = str(given.get("name", "attachment.pdf")).rpartition(".")
    file_id = _FIRST_ID + len(portal.files)
    now = iso(portal.clock.now_ms())
    portal.files[file_id] = {
        "id": str(file_id),
        "name": name,
        "extension": extension,
        "type": "IMG" if extension in ("png", "jpg", "jpeg") else "DOCUMENT",
        "size": int(given.get("size", 12_345)),
        "access": "PRIVATE",
        "archived": False,
        "createdAt": now,
        "updatedAt": now,
        "path": f"/{name}.{extension}",
        "url": f"https://files.example/{portal.settings.portal_id}/{name}.{extension}",
        "isUsableInContent": False,
    }
    return {"id": str(file_id)}
