"""The four ways a call to HubSpot fails. Nothing outside this folder inspects a status code."""

from __future__ import annotations


class HubSpotError(Exception):
    """A call failed. `correlation_id` is what HubSpot's support asks for; may be empty."""

    def __init__(self, message: str, correlation_id: str = "") -> None:
        super().__init__(message)
        self.correlation_id = correlation_id

    def __str__(self) -> str:
        sentence = super().__str__()
        return (
            f"{sentence} (HubSpot correlation {self.correlation_id})"
            if self.correlation_id
            else sentence
        )


class RateLimited(HubSpotError):
    """A limit of HubSpot's is used up; nothing was done. Try after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: float, correlation_id: str = "") -> None:
        super().__init__(message, correlation_id)
        self.retry_after_s = retry_after_s


class Transient(HubSpotError):
    """Time-out, reset, 5xx or an unreadable answer. A write may or may not have happened."""


class RowFailed(Transient):
    """HubSpot failed on this row of a batch alone, by its own fault."""


class Rejected(HubSpotError):
    """HubSpot refused (4xx) and did nothing; the same call would be refused again.

    `status` is HTTP's; `category` HubSpot's word for it (VALIDATION_ERROR, MISSING_SCOPES …).
    """

    def __init__(
        self, message: str, status: int, category: str = "", correlation_id: str = ""
    ) -> None:
        super().__init__(message, correlation_id)
        self.status = status
        self.category = category

    @property
    def about_access(self) -> bool:
        """The token or its scopes are at fault, so every other call would fail alike."""
        return self.status in {401, 403}


class NotFound(Rejected):
    """The record, property or pipeline does not exist (any more)."""
