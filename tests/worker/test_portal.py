"""What routing knows of a portal: its stages by kind, its options, its go-live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from config.portal import QUEUES, PortalNames
from worker.hubspot.models import Pipeline, Property, Stage
from worker.hubspot.schema import ticket_properties
from worker.portal import (
    Portal,
    PortalNotReady,
    StageKind,
    choose_pipeline,
    portal_of,
    same_label,
)

GO_LIVE = datetime(2026, 11, 1, tzinfo=UTC)
MADE = datetime(2026, 11, 20, tzinfo=UTC)
LABELS = {queue: queue.replace("_", " ").title() for queue in sorted(QUEUES)}


def names(**more: Any) -> PortalNames:
    stages = {
        "intake": [""],
        "queue": LABELS,
        "waiting": ["Waiting on client"],
        "closed": ["Closed"],
        **more.pop("stages", {}),
    }
    return PortalNames.model_validate({"stages": stages, **more})


def pipeline(*labels: str, id_: str = "0", label: str = "Support", order: int = 0) -> Pipeline:
    stages = tuple(Stage(f"s{n}", one, n, one == "Solved") for n, one in enumerate(labels))
    return Pipeline(id_, label, order, stages)


def prop(name: str, *options: str) -> Property:
    return Property(name, name, "string", "text", tuple((o, o) for o in options), MADE, False)


PROPERTIES = {one.name: prop(one.name) for one in ticket_properties({}, {}, {})} | {
    "routing_queue": prop("routing_queue", "ocr", "it"),
    "subject": prop("subject"),
    "hs_ticket_category": prop("hs_ticket_category", "BILLING"),
}


def portal(
    *labels: str, go_live: datetime | None = None, stages: dict[str, Any] | None = None
) -> Portal:
    return portal_of(pipeline(*labels), PROPERTIES, names(stages=stages or {}), go_live, True)


def test_each_stage_is_of_its_kind() -> None:
    seen = portal("New", "OCR", "it", "Waiting on  Client", "Closed", "Solved", "Their own")

    assert [seen.kind(f"s{n}") for n in range(8)] == [
        StageKind.INTAKE,
        StageKind.QUEUE,
        StageKind.QUEUE,
        StageKind.WAITING,
        StageKind.CLOSED,
        StageKind.CLOSED,
        StageKind.OTHER,
        StageKind.OTHER,
    ]
    assert seen.intake == ["s0"]
    assert seen.queue_of == {"s1": "ocr", "s2": "it"}
    assert seen.stage_of == {"ocr": "s1", "it": "s2"}
    assert seen.view.live_queues == {"ocr", "it"}
    assert seen.labels["s3"] == "Waiting on  Client"


def test_intake_stages_may_be_named_beside_the_first_or_instead_of_it() -> None:
    both = portal("New", "Inbox", "OCR", stages={"intake": ["", "Inbox"]})
    named = portal("New", "Inbox", "OCR", stages={"intake": ["inbox"]})

    assert both.intake == ["s0", "s1"]
    assert named.intake == ["s1"]
    assert named.kind("s0") is StageKind.OTHER


def test_the_first_stage_is_intake_even_where_it_is_called_like_a_queue() -> None:
    """Then the queue has no stage, and the policy says so before a ticket is moved."""
    seen = portal("OCR", "IT")

    assert seen.intake == ["s0"]
    assert "ocr" not in seen.stage_of
    assert seen.view.live_queues == {"it"}


def test_a_portal_without_its_intake_stage_is_not_ready() -> None:
    with pytest.raises(
        PortalNotReady, match=r"none of the intake stages of portal\.yaml \(Inbox\)"
    ):
        portal("New", "OCR", stages={"intake": ["Inbox"]})


def test_go_live_is_when_the_status_was_made_unless_it_is_set() -> None:
    assert portal("New").go_live == MADE
    assert portal("New", go_live=GO_LIVE).go_live == GO_LIVE


def test_without_the_status_and_a_setting_nothing_is_routed() -> None:
    lacking = {name: one for name, one in PROPERTIES.items() if name != "routing_status"}

    with pytest.raises(PortalNotReady, match="ROUTE_TICKETS_SINCE"):
        portal_of(pipeline("New"), lacking, names(), None, True)
    with pytest.raises(PortalNotReady, match="lacks the ticket properties routing_status"):
        portal_of(pipeline("New"), lacking, names(), GO_LIVE, True)


def test_options_are_those_of_our_enumerations_empty_where_there_are_none() -> None:
    options = portal("New").view.options

    assert options["routing_queue"] == {"ocr", "it"}
    assert options["routing_ticket_type"] == frozenset()
    assert options["hs_ticket_category"] == {"BILLING"}
    assert "subject" not in options


def test_the_pipeline_is_the_first_or_the_one_that_is_named() -> None:
    later = pipeline("New", id_="7", label="Client care", order=3)
    first = pipeline("New", id_="9", label="Sales", order=1)

    assert choose_pipeline([later, first], names()).id == "9"
    assert choose_pipeline([later, first], names(pipeline=" client  CARE")).id == "7"
    with pytest.raises(
        PortalNotReady, match=r"no ticket pipeline 'Care' \(it has 'Client care', 'Sa"
    ):
        choose_pipeline([later, first], names(pipeline="Care"))
    with pytest.raises(PortalNotReady, match="setup"):
        choose_pipeline([], names())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Level 1 Support", "level  1 SUPPORT ", True),
        ("Straße", "STRASSE", True),
        ("Level 1", "Level 2", False),
        ("", " ", True),
    ],
)
def test_labels_are_compared_as_a_person_reads_them(one: str, other: str, same: bool) -> None:
    assert same_label(one, other) is same
