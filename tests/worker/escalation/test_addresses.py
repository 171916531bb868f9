"""The doctor's look at receivers: who is told of what, and who is named without an address."""

from __future__ import annotations

from pydantic import SecretStr

from worker.escalation.addresses import unaddressed
from worker.routing.escalation_rules import NoticeRules, Notices

NOTICES = Notices(
    default=NoticeRules(also=("LEAD",)), queues={"it": NoticeRules(channel="TEAMS_IT")}
)


class Held:
    """Addresses by variable."""

    def __init__(self, *variables: str) -> None:
        self._variables = variables

    def address(self, variable: str) -> SecretStr:
        return SecretStr("https://s3cret.example" if variable in self._variables else "")


def test_each_is_named_with_what_it_is_told_of_and_no_address_is_shown() -> None:
    found = list(unaddressed(NOTICES, Held("TEAMS_WEBHOOK_URL", "LEAD", "TEAMS_IT")))
    assert [(variable, good) for variable, good, _ in found] == [
        ("TEAMS_IT", True),
        ("TEAMS_WEBHOOK_URL", True),
        ("LEAD", True),
    ]
    assert found[0][2] == "has an address; told of it"
    assert "s3cret" not in str(found)


def test_a_receiver_without_an_address_is_a_fault_and_no_team_ticketing_is_none() -> None:
    found = {variable: (good, said) for variable, good, said in unaddressed(NOTICES, Held())}
    assert found["TEAMS_WEBHOOK_URL"] == (None, "not set: Team Ticketing is not told of all others")
    assert found["LEAD"][0] is False
    assert "Set it in .env" in found["TEAMS_IT"][1]
