"""`portal.yaml`'s rules: a wrong one must stop the start, not the first ticket."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from config.portal import QUEUES, PortalNames

STAGES: dict[str, Any] = {
    "intake": [""],
    "queue": {queue: queue.title() for queue in sorted(QUEUES)},
    "waiting": ["Waiting on client"],
    "closed": ["Closed"],
}


def names(**more: Any) -> PortalNames:
    return PortalNames.model_validate({"stages": STAGES, **more})


def stages(**more: Any) -> PortalNames:
    return PortalNames.model_validate({"stages": {**STAGES, **more}})


def test_the_smallest_file_names_a_stage_for_each_queue() -> None:
    portal = names()

    assert portal.pipeline == ""
    assert portal.stages.queue.keys() == QUEUES
    assert portal.own_domains == frozenset()


def test_a_queue_without_a_stage_and_an_unknown_one_are_named() -> None:
    lacking = {queue: label for queue, label in STAGES["queue"].items() if queue != "ocr"}

    with pytest.raises(ValidationError, match="no stage is named for ocr"):
        stages(queue=lacking)
    with pytest.raises(ValidationError, match="unknown queues sales; known are admin, dev"):
        stages(queue={**STAGES["queue"], "sales": "Sales"})


@pytest.mark.parametrize(
    "more",
    [
        {"queue": {**STAGES["queue"], "it": STAGES["queue"]["ocr"]}},
        {"queue": {**STAGES["queue"], "it": " oCR "}},
        {"intake": ["New", "new"]},
        {"intake": ["", ""]},
        {"intake": ["", "OCR"]},
        {"waiting": ["Closed"]},
        {"waiting": ["On  hold"], "closed": ["on hold"]},
    ],
)
def test_a_stage_is_of_one_kind_and_of_one_queue(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="is named twice"):
        stages(**more)


@pytest.mark.parametrize(
    "more",
    [
        {"intake": []},
        {"waiting": [""]},
        {"closed": [" "]},
        {"queue": {**STAGES["queue"], "it": ""}},
        {"queue": {**STAGES["queue"], "it": "x" * 101}},
        {"stage": {}},
    ],
)
def test_a_stage_has_a_label(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        stages(**more)


def test_domains_are_compared_in_small_letters_without_their_at() -> None:
    portal = names(own_domains=["@Ours.Example", " mail.ours.example "])

    assert portal.own_domains == {"ours.example", "mail.ours.example"}


@pytest.mark.parametrize("domain", ["", "example", "a@b.example", "two words.example", "a.", 7])
@pytest.mark.parametrize("field", ["own_domains", "free_mail_domains"])
def test_what_is_no_domain_is_refused(field: str, domain: object) -> None:
    with pytest.raises(ValidationError):
        names(**{field: [domain]})


def test_alert_senders_are_addresses_or_whole_domains() -> None:
    portal = names(alert_senders=["Alerts@Ours.Example ", "@monitor.example"])

    assert portal.alert_senders == {"alerts@ours.example", "@monitor.example"}


@pytest.mark.parametrize("sender", ["monitor.example", "alerts", "", "a b@c.example", 7])
def test_an_alert_sender_that_could_never_match_is_refused(sender: object) -> None:
    with pytest.raises(ValidationError):
        names(alert_senders=[sender])


@pytest.mark.parametrize("value", ["", "  "])
def test_the_role_of_an_administrative_contact_is_not_empty(value: str) -> None:
    """An empty one would make every contact without a role administrative."""
    with pytest.raises(ValidationError):
        names(admin_contact_value=value)


@pytest.mark.parametrize("name", ["Role", "1st", "with space", "with-hyphen", ""])
def test_a_property_has_a_name_as_hubspot_takes_it(name: str) -> None:
    with pytest.raises(ValidationError):
        names(admin_contact_property=name)
    with pytest.raises(ValidationError):
        names(ticket_properties={"routing_queue": name})


@pytest.mark.parametrize("field", ["ticket_properties", "company_properties"])
def test_one_property_of_the_portal_can_not_stand_for_two_of_ours(field: str) -> None:
    with pytest.raises(ValidationError, match="stands for two of our properties"):
        names(**{field: {"routing_queue": "team", "routing_reason": "team"}})


def test_a_key_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="own_domain"):
        names(own_domain=["ours.example"])


def test_the_names_do_not_change_while_the_worker_runs() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        names().pipeline = "x"
