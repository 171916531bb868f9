"""How a live ticket reached us (pure)."""

from __future__ import annotations

from config.portal import PortalNames
from worker.clients.resolution import domain_of
from worker.hubspot.models import Record
from worker.routing.ticket import Channel

# HubSpot's `source_type` of a ticket.
_BY_SOURCE = {
    "EMAIL": Channel.EMAIL,
    "FORM": Channel.FORM,
    "CHAT": Channel.CHAT,
}


def channel_of(ticket: Record, sender: str, names: PortalNames) -> Channel | None:
    """The channel, or None where HubSpot doesn't say. `sender` is an address or empty.

    Our own staff's mail and tickets made by hand in the CRM are internal; machines' senders are
    named in `portal.yaml`.
    """
    domain = domain_of(sender)
    if sender and (sender in names.alert_senders or f"@{domain}" in names.alert_senders):
        return Channel.ALERT
    if domain and domain in names.own_domains:
        return Channel.INTERNAL
    if not sender and ticket.get("hs_object_source") == "CRM_UI":
        return Channel.INTERNAL
    return _BY_SOURCE.get(ticket.get("source_type").upper())
