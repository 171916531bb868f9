"""The people who may own a ticket. An owner's id is not the user's id (HubSpot: owners API)."""

from dataclasses import dataclass
from typing import Any

from simulator.state.clock import iso


@dataclass
class Owner:
    """One owner; an archived one has lost the user id and keeps it as a memory."""

    id: int
    user_id: int
    email: str
    first_name: str
    last_name: str
    team: tuple[str, str]
    created_ms: int
    archived: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "email": self.email,
            "type": "PERSON",
            "firstName": self.first_name,
            "lastName": self.last_name,
            "userId": None if self.archived else self.user_id,
            "userIdIncludingInactive": self.user_id,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.created_ms),
            "archived": self.archived,
            "teams": [{"id": self.team[0], "name": self.team[1], "primary": True}],
        }
