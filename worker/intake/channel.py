"""How a live ticket reached us (pure)."""

from __future__ import annotations

from config.portal import PortalNames
from worker.clients.resolution import domain_of
from worker.hubspot.models import Record
from worker.routing.ticket import Channel

# HubSpot's `hs_object_source` of a record that a user made by hand.
_BY_HAND = frozenset({"CRM_UI", "MOBILE_ANDROID", "MOBILE_IOS"})
# HubSpot's `source_type` of a ticket.
_BY_SOURCE = {
    "EMAIL": Channel.EMAIL,
    "FORM": Channel.FORM,
    "CHAT": Channel.CHAT,
}


def channel_of(ticket: Record, sender: str, names: PortalNames) -> Channel | None:
    """The channel, or None where HubSpot doesn't say. `sender` is an address or empty.

    Our own staff's mail and tickets made by hand in the CRM are internal, whoever they are about;
    machines' senders are named in `portal.yaml`, and may be of our own domain.
    """
    sender = sender.strip().lower()
    domain = domain_of(sender)
    if sender and (sender in names.alert_senders or f"@{domain}" in names.alert_senders):
        return Channel.ALERT
    if domain and domain in names.own_domains:
        return Channel.INTERNAL
    if ticket.get("hs_object_source") in _BY_HAND:
        return Channel.INTERNAL
    return _BY_SOURCE.get(ticket.get("source_type").upper())
