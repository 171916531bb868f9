"""Signatures against HubSpot's own published construction."""

import pytest
from hubspot.utils.signature import Signature

from simulator.webhooks import signature


def test_both_versions_satisfy_hubspots_own_client() -> None:
    body = '[{"eventId":1,"subject":"Grüße"}]'
    uri = "https://ours.example/webhooks/hubspot"

    assert signature.v1("secret", body.encode()) == Signature.get_signature("secret", body, "v1")
    assert signature.v3("secret", "POST", uri, body.encode(), 1_795_465_096_650) == (
        Signature.get_signature(
            "secret", body, "v3", http_uri=uri, http_method="POST", timestamp="1795465096650"
        )
    )


@pytest.mark.parametrize(
    ("uri", "signed"),
    [
        ("https://a.example/x%3Ay%2fz", "https://a.example/x:y/z"),
        ("https://a.example/?q=%40%21%24%27%28%29%2A%2C%3B", "https://a.example/?q=@!$'()*,;"),
        ("https://a.example/a%20b%26c%3Dd", "https://a.example/a%20b%26c%3Dd"),
    ],
)
def test_only_the_documented_escapes_are_decoded(uri: str, signed: str) -> None:
    assert signature.signed_uri(uri) == signed
