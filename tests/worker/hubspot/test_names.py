"""Our property names and the portal's."""

from __future__ import annotations

from worker.hubspot.names import PropertyNames


def test_names_are_translated_both_ways_and_others_left_alone() -> None:
    names = PropertyNames({"routing_queue": "team"})

    assert names.outward("routing_queue") == "team"
    assert names.inward("team") == "routing_queue"
    assert names.outward("subject") == names.inward("subject") == "subject"


def test_a_portals_namesake_of_a_renamed_property_is_not_ours() -> None:
    names = PropertyNames({"routing_queue": "team"})

    assert names.has("team")
    assert names.has("subject")
    assert not names.has("routing_queue")
