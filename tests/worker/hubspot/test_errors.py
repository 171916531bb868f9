"""What an error says of itself."""

from __future__ import annotations

from worker.hubspot.errors import NotFound, RateLimited, Rejected, Transient


def test_an_error_names_the_correlation_that_hubspots_support_asks_for() -> None:
    assert str(Transient("It failed", "c-9")) == "It failed (HubSpot correlation c-9)"
    assert str(RateLimited("Too many", 2.0)) == "Too many"


def test_only_refused_tokens_and_scopes_are_about_access() -> None:
    assert [Rejected("no", status).about_access for status in (400, 401, 403, 409)] == [
        False,
        True,
        True,
        False,
    ]
    assert not NotFound("no", 404).about_access
