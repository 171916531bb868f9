"""What the nightly sweep and the report want from HubSpot beside the rest: whole lists, tickets
with values, the day's calls, tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from worker.hubspot import models
from worker.hubspot.errors import Transient
from worker.hubspot.models import Record, parsed
from worker.hubspot.service import SEARCH_PAGE, HubSpotService

LIST_PAGE = 100  # HubSpot: records in a page of a list
TASK_TO_COMPANY = 192  # HubSpot: association type of a task with a company
Filter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `after` is where the next one starts; empty at the end."""

    records: list[Record]
    after: str


@dataclass(frozen=True, slots=True)
class DailyCalls:
    """Calls of all private apps in the account today, and how many there may be."""

    used: int
    allowed: int


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task at a company. `owner_id` empty: nobody's in particular."""

    company_id: str
    subject: str
    body: str
    due_ms: int
    owner_id: str = ""


class HubSpotByNight(HubSpotService):
    """The portal, for work that nobody waits for. Raises the gateway's errors."""

    def page(self, object_type: str, properties: Sequence[str], after: str = "") -> Page:
        """Up to 100 records in the list's own order; one ten-second call."""
        query: dict[str, Any] = {
            "limit": LIST_PAGE,
            "properties": ",".join(self._name(object_type, name) for name in properties),
        }
        if after:
            query["after"] = after
        answer = self._client.get(f"/crm/objects/{self._version}/{object_type}", query)

        def read(raw: dict[str, Any]) -> Page:
            following = ((raw.get("paging") or {}).get("next") or {}).get("after")
            records = [self._inward(object_type, models.record(one)) for one in raw["results"]]
            return Page(records, str(following or ""))

        found = parsed(f"list of {object_type}", read, answer)
        if after and found.after == after:
            raise Transient(f"HubSpot gave the same page of {object_type} again")
        return found

    def search_pages(
        self,
        object_type: str,
        filter_groups: Sequence[Sequence[Filter]],
        properties: Sequence[str],
        most_pages: int,
    ) -> Iterator[tuple[list[Record], int]]:
        """Records that match with these properties, by id, and the count of those not given
        before; at most so many pages of 200. Values lag behind as search does.
        """
        last = 0
        for _ in range(most_pages):
            groups = [
                [*group, {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)}]
                for group in filter_groups
            ]
            records, total = self._search(
                object_type, groups, properties, ("hs_object_id", "ASCENDING"), SEARCH_PAGE
            )
            yield records, total
            if not records or total <= len(records):
                return
            furthest = max(int(one.id) for one in records)
            if furthest <= last:
                raise Transient("HubSpot's search gave the same page again")
            last = furthest

    def count(self, object_type: str, filters: Sequence[Filter]) -> int:
        """How many records match, as search has it; one search."""
        return self._search(object_type, [filters], [], ("hs_object_id", "ASCENDING"), 1)[1]

    def first(
        self, object_type: str, filters: Sequence[Filter], by: str, properties: Sequence[str]
    ) -> tuple[Record | None, int]:
        """The record with the smallest value of a property, and how many match; one search."""
        records, total = self._search(
            object_type, [filters], [by, *properties], (by, "ASCENDING"), 1
        )
        return (records[0] if records else None), total

    def daily_calls(self) -> DailyCalls:
        """What the account's private apps have used of today's calls."""
        answer = self._client.get(
            f"/account-info/{self._version}/api-usage/daily/private-apps",
        )

        def read(raw: dict[str, Any]) -> DailyCalls:
            row = raw["results"][0]
            return DailyCalls(int(row["currentUsage"]), int(row["usageLimit"]))

        return parsed("daily use of the API", read, answer)

    def create_task(self, task: NewTask) -> str:
        """Create a task at a company; its id. HubSpot has no key against doing it twice."""
        properties = {
            "hs_task_subject": task.subject,
            "hs_task_body": task.body,
            "hs_task_status": "NOT_STARTED",
            "hs_task_type": "TODO",
            "hs_timestamp": str(task.due_ms),
        }
        if task.owner_id:
            properties["hubspot_owner_id"] = task.owner_id
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TASK_TO_COMPANY}
        answer = self._client.post(
            f"/crm/objects/{self._version}/tasks",
            {
                "properties": properties,
                "associations": [{"to": {"id": task.company_id}, "types": [link]}],
            },
        )
        return parsed("creation of a task", lambda raw: str(raw["id"]), answer)

    def _search(
        self,
        object_type: str,
        filter_groups: Sequence[Sequence[Filter]],
        properties: Sequence[str],
        sort: tuple[str, str],
        limit: int,
    ) -> tuple[list[Record], int]:
        answer = self._client.post(
            f"/crm/objects/{self._version}/{object_type}/search",
            {
                "filterGroups": [
                    {
                        "filters": [
                            {**one, "propertyName": self._name(object_type, one["propertyName"])}
                            for one in group
                        ]
                    }
                    for group in filter_groups
                ],
                "sorts": [{"propertyName": self._name(object_type, sort[0]), "direction": sort[1]}],
                "properties": [self._name(object_type, name) for name in properties],
                "limit": limit,
            },
        )
        return parsed(
            f"search of {object_type}",
            lambda raw: (
                [self._inward(object_type, models.record(one)) for one in raw["results"]],
                int(raw["total"]),
            ),
            answer,
        )
