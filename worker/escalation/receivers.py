"""Receivers beside Teams: e-mail, Slack and whatever else Apprise knows. Off until the policy
names a variable with an address (github.com/caronc/apprise/wiki lists the forms).
"""

from __future__ import annotations

import logging

from pydantic import SecretStr

from worker.escalation.teams import NotDelivered


def tell(address: SecretStr, title: str, text: str) -> None:
    """Send one message. Raises `NotDelivered`; the address is in no log line and no exception."""
    import apprise  # here: a fifth of a second, and most portals never need it

    # What it logs on failure may quote the address.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    asset = apprise.AppriseAsset(async_mode=False)
    receiver = apprise.Apprise(asset=asset)
    if not address.get_secret_value():
        raise NotDelivered(
            "A receiver has no address. Nothing was sent; set the variable that the policy names."
        )
    if not receiver.add(address.get_secret_value()):
        raise NotDelivered(
            "A receiver's address is of no known form. Nothing was sent; look at "
            "github.com/caronc/apprise/wiki for the form that it should have."
        )
    sent = receiver.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT)
    if not sent:
        raise NotDelivered("A receiver did not take the message.")
