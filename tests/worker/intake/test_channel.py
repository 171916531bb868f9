"""How a live ticket reached us."""

from __future__ import annotations

import pytest

from config.portal import QUEUES, PortalNames
from worker.hubspot.models import Record
from worker.intake.channel import channel_of
from worker.routing.ticket import Channel

NAMES = PortalNames.model_validate(
    {
        "stages": {"intake": [""], "queue": {queue: queue for queue in sorted(QUEUES)}},
        "own_domains": ["ours.example"],
        "alert_senders": ["monitor@ours.example", "@machines.example"],
    }
)


@pytest.mark.parametrize(
    ("source_type", "made_by", "sender", "channel"),
    [
        ("EMAIL", "CONVERSATIONS", "ap@client.example", Channel.EMAIL),
        ("email", "", "ap@client.example", Channel.EMAIL),
        ("FORM", "FORM", "", Channel.FORM),
        ("CHAT", "CONVERSATIONS", "", Channel.CHAT),
        ("PHONE", "", "ap@client.example", None),
        ("", "", "", None),
        # Our own staff, by mail or by hand.
        ("EMAIL", "CONVERSATIONS", "bo@ours.example", Channel.INTERNAL),
        ("EMAIL", "CONVERSATIONS", " Bo@OURS.example ", Channel.INTERNAL),
        ("", "CRM_UI", "", Channel.INTERNAL),
        ("PHONE", "CRM_UI", "ap@client.example", Channel.INTERNAL),
        ("", "MOBILE_IOS", "ap@client.example", Channel.INTERNAL),
        ("EMAIL", "INTEGRATION", "", Channel.EMAIL),
        # Machines, of any domain, also of ours.
        ("EMAIL", "", "monitor@ours.example", Channel.ALERT),
        ("EMAIL", "", "Monitor@Ours.example", Channel.ALERT),
        ("EMAIL", "", "anything@machines.example", Channel.ALERT),
        # Near misses.
        ("EMAIL", "", "bo@notours.example", Channel.EMAIL),
        ("EMAIL", "", "bo@ours.example.thief.example", Channel.EMAIL),
        ("EMAIL", "", "ours.example@thief.example", Channel.EMAIL),
        ("EMAIL", "", "ours.example", Channel.EMAIL),
        ("EMAIL", "", "a@machines.example.thief", Channel.EMAIL),
    ],
)
def test_the_channel_is_told_by_sender_maker_and_source(
    source_type: str, made_by: str, sender: str, channel: Channel | None
) -> None:
    ticket = Record("1", {"source_type": source_type, "hs_object_source": made_by})

    assert channel_of(ticket, sender, NAMES) is channel
