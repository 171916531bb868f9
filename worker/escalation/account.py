"""Where tickets of the account are opened by people."""

from __future__ import annotations

import re

from worker.escalation.cards import TicketLinks
from worker.hubspot.service import HubSpotService

_HUBSPOT = re.compile(r"app(-[a-z0-9]{2,8})?\.hubspot\.com")


def ticket_links(hubspot: HubSpotService) -> TicketLinks:
    """Links of the account's own (account details: `portalId`, `uiDomain`; one call). Raises the
    gateway's errors.
    """
    account = hubspot.account()
    domain = str(account.get("uiDomain") or "")
    portal_id = str(int(account["portalId"]))
    return TicketLinks(portal_id, domain) if _HUBSPOT.fullmatch(domain) else TicketLinks(portal_id)
