"""A request or one row of it that HubSpot refuses, with the body it answers.

Envelope: HubSpot's error-handling page. Every field but `message` is optional for readers.
"""

import uuid
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """A refused request or row. `status` is the HTTP status when the whole request fails."""

    def __init__(
        self,
        status: int,
        message: str,
        category: str | None = "VALIDATION_ERROR",
        *,
        sub_category: str | None = None,
        errors: list[Json] | None = None,
        context: dict[str, list[str]] | None = None,
        headers: dict[str, str] | None = None,
        extra: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.category = category
        self.sub_category = sub_category
        self.errors = errors
        self.context = context
        self.headers = headers or {}
        self.extra = extra or {}

    def body(self) -> Json:
        """The answer's body when the whole request is refused."""
        shown: Json = {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
        }
        shown.update(self.extra)
        if self.context:
            shown["context"] = self.context
        if self.errors:
            shown["errors"] = self.errors
        if self.category:
            shown["category"] = self.category
        if self.sub_category:
            shown["subCategory"] = self.sub_category
        return shown

    def row(self, trace_id: str | None = None) -> Json:
        """The entry in `errors` of a batch answer, with the trace id the caller gave the row."""
        context = dict(self.context or {})
        if trace_id is not None:
            context["objectWriteTraceId"] = [trace_id]
        shown: Json = {
            "status": "error",
            "category": self.category or "OBJECT_NOT_FOUND",
            "message": self.message,
            "context": context,
            "errors": self.errors or [],
            "links": {},
        }
        if self.sub_category:
            shown["subCategory"] = self.sub_category
        return shown


def not_found() -> Refusal:
    """The 404 of a record, stage or file that is not there."""
    return Refusal(404, "resource not found", "OBJECT_NOT_FOUND")


def bad_input(reason: str) -> Refusal:
    """The 400 for a body that is not what the endpoint takes."""
    return Refusal(400, f"Invalid input JSON on line 1, column 1: {reason}")
