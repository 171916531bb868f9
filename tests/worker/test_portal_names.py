"""Reading `portal.yaml`: each complaint names the file, the line and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import CONFIG_DIR
from worker.portal_names import PortalNamesError, read_portal_names

SHIPPED = (CONFIG_DIR / "portal.yaml").read_text(encoding="utf-8")


def read(folder: Path, old: str, new: str) -> None:
    path = folder / "portal.yaml"
    assert old in SHIPPED
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    read_portal_names(path)


def line_with(text: str, old: str, new: str) -> int:
    """The line on which a text stands after the change."""
    lines = SHIPPED.replace(old, new, 1).splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


def test_the_shipped_file_is_right() -> None:
    names = read_portal_names(CONFIG_DIR / "portal.yaml")

    assert names.stages.intake == [""]
    assert "gmail.com" in names.free_mail_domains
    assert names.ticket_properties == {}


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        (
            "ticket_properties: {}",
            "ticket_properties:\n  routing_quue: team",
            "routing_quue",
            "ticket_properties.routing_quue is no property of ours. Did you mean 'routing_queue'?",
        ),
        (
            "company_properties: {}",
            "company_properties:\n  erp_systm: erp",
            "erp_systm",
            "company_properties.erp_systm is no property of ours. Did you mean 'erp_system'?",
        ),
        ("own_domains: []", "own_domians: []", "own_domians", "Did you mean 'own_domains'?"),
        ("    ocr: OCR\n", "", "queue:", "no stage is named for ocr"),
        ("    ocr: OCR", "    ocr: IT", "stages:", "the stage 'IT' is named twice"),
        ("alert_senders: []", "alert_senders: [ours]", "alert_senders", "alert_senders.1 ('ours')"),
        ("own_domains: []", "own_domains: ours.example", "own_domains", "own_domains"),
    ],
)
def test_a_fault_is_told_with_its_line_and_its_mend(
    tmp_path: Path, old: str, new: str, where: str, said: str
) -> None:
    with pytest.raises(PortalNamesError) as caught:
        read(tmp_path, old, new)

    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'portal.yaml'}, line {line_with(where, old, new)}: ")
    assert said in message
    assert message.endswith("Nothing of this file was taken over.")


def test_a_further_property_of_a_company_may_have_another_name(tmp_path: Path) -> None:
    """The policy may look at properties that we know nothing of."""
    read(tmp_path, "company_properties: {}", "company_properties:\n  contract_type: contract_kind")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PortalNamesError, match=r"absent\.yaml: can't be read"):
        read_portal_names(tmp_path / "absent.yaml")
