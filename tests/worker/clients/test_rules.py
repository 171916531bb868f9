"""The section `client_record` of the policy: what is wrong with it is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.routing.policy import DEFAULT_POLICY, PolicyError
from worker.routing.policy_file import read_document

SECTION = "\nclient_record:\n"


def policy_with(tmp_path: Path, section: str) -> Path:
    """The shipped policy with another section on client records, at its end."""
    text = DEFAULT_POLICY.read_text()
    start = text.index(SECTION)
    rest = text[start + len(SECTION) :].splitlines(keepends=True)
    after = next((n for n, line in enumerate(rest) if line[:1].strip() not in {"", "#"}), len(rest))
    path = tmp_path / "escalation.yaml"
    path.write_text(text[:start] + "\n" + "".join(rest[after:]) + SECTION + section)
    return path


def complaint(tmp_path: Path, section: str) -> tuple[str, str]:
    """What is said of a wrong section, and the line that it points at."""
    path = policy_with(tmp_path, section)
    with pytest.raises(PolicyError) as said:
        read_document(path)
    number = int(str(said.value).split("line ")[1].split(":")[0])
    return str(said.value), path.read_text().splitlines()[number - 1]


def test_the_shipped_rules_are_those_of_the_guidelines() -> None:
    shipped = read_document(DEFAULT_POLICY).client_record
    assert shipped.required == ("admin_contacts", "erp_system", "customization_summary")
    assert shipped.clients is None
    assert not shipped.tasks.enabled
    assert (shipped.tasks.per_night, shipped.tasks.level_1) == (20, "")
    assert (shipped.night.report_at, shipped.night.time_zone) == ("06:00", "")


def test_everything_can_be_said_at_once(tmp_path: Path) -> None:
    section = """\
  required: [admin_contacts, erp_system, vat_number]
  clients: {property: lifecyclestage, is: [customer]}
  properties: {vat_number: VAT number, service_manager: service manager}
  conditions:
    - name: Managed services
      where: {property: managed_services, is: [true]}
      required: [service_manager]
  allowed: {erp_system: [NetSuite, 365]}
  fresh: {admin_contacts: {property: confirmed_at, months: 12}}
  tasks: {enabled: true, per_night: 5, level_1: desk@example.com}
  night: {sweep_at: "23:30", report_at: "05:45", time_zone: Europe/Paris}
"""
    read = read_document(policy_with(tmp_path, section)).client_record
    assert read.conditions[0].where.is_ == ("true",)
    assert read.allowed["erp_system"] == ("NetSuite", "365")


@pytest.mark.parametrize(
    ("section", "says", "line"),
    [
        ("  required: [erp_sytem]\n", "Did you mean 'erp_system'?", "required: [erp_sytem]"),
        ("  required: [vat_number]\n", "Give it a label under `properties`", "vat_number"),
        (
            "  required: [erp_system]\n  allowed:\n    admin_contacts: [Ada]\n",
            "a contact has no list of allowed values",
            "admin_contacts: [Ada]",
        ),
        (
            "  required: [erp_system]\n  fresh:\n    erp: {property: at, months: 1}\n",
            "the field 'erp' is not known",
            "erp: {property: at",
        ),
        (
            "  required: [erp_system]\n  night:\n    time_zone: Europe/Pariss\n",
            "is no time zone",
            "time_zone",
        ),
        ('  required: [erp_system]\n  night:\n    report_at: "6am"\n', "report_at", "6am"),
        ("  required: [erp_system]\n  tasks: {per_night: 0}\n", "per_night", "per_night"),
    ],
)
def test_a_fault_is_said_with_its_line_and_mend(
    tmp_path: Path, section: str, says: str, line: str
) -> None:
    said, pointed = complaint(tmp_path, section)
    assert says in said
    assert line in pointed
    assert said.endswith("Nothing of this file was taken over.")
