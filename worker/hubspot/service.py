"""What we want from HubSpot, in our words: read, search, associate, write, in full batches.

Sizes (HubSpot: Using object APIs): 100 records in a batch, 50 with history; 1,000 ids in an
associations read; 200 in a page of a search, 10,000 in all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from worker.hubspot import models
from worker.hubspot.batches import is_id, judge_reading, judge_writing, row_errors
from worker.hubspot.client import HubSpotClient
from worker.hubspot.errors import HubSpotError, RateLimited, Rejected, RowFailed, Transient
from worker.hubspot.models import Association, Links, Reading, Record, Update, Writing, chunks
from worker.hubspot.names import PropertyNames

BATCH = 100
BATCH_WITH_HISTORY = 50
ASSOCIATIONS_BATCH = 1000
SEARCH_PAGE = 200
DOMAIN_PAGES = 10
OWNERS_PAGE = 500
OWNER_PAGES = 20
ACTIVITIES = {"emails": ("hs_email_text", "hs_email_direction"), "notes": ("hs_note_body",)}
NO_NAMES = PropertyNames()


class HubSpotService:
    """The portal, one method for each thing the worker needs done there. Thread-safe."""

    def __init__(
        self,
        client: HubSpotClient,
        api_version: str,
        names: Mapping[str, PropertyNames] | None = None,
    ) -> None:
        self._client = client
        self._version = api_version
        self._names = names or {}

    # ---- records

    def read(
        self,
        object_type: str,
        ids: Collection[str],
        properties: Sequence[str],
        history: Sequence[str] = (),
    ) -> Reading:
        """Read records by id, each as it is now (reads by id do not lag as search does).

        `history` names properties whose past values are wanted too; it halves the batch. What
        can't be an id is named in `errors` and not asked for.
        """
        found: dict[str, Record] = {}
        merged: dict[str, str] = {}
        errors = {one: f"{one!r} is no record id" for one in ids if not is_id(one)}
        absent: set[str] = set()
        size = BATCH_WITH_HISTORY if history else BATCH
        todo = list(chunks(dict.fromkeys(one for one in ids if one not in errors), size))
        while todo:
            batch = todo.pop()
            answer = self._client.post(
                self._objects(object_type, "batch/read"),
                self._read_body(object_type, batch, properties, history),
            )
            what = f"batch read of {object_type}"
            got, alone = models.parsed(what, partial(judge_reading, batch), answer)
            found |= {one: self._inward(object_type, record) for one, record in got.found.items()}
            merged |= got.merged
            errors |= got.errors
            absent |= got.absent
            todo += [[one] for one in sorted(alone)]
        return Reading(found, merged, errors, frozenset(absent))

    def update(self, object_type: str, rows: Sequence[Update]) -> Writing:
        """Write rows, at most one for each id, and say what became of each.

        A batch that HubSpot refuses as a whole is split until the row at fault stands alone. A
        row of unknown outcome is never sent again here. Raises `Rejected` only when the token or
        its scopes are refused, when nothing was written.
        """
        written: set[str] = set()
        refused: dict[str, str] = {}
        unknown: dict[str, HubSpotError] = {}
        todo = list(chunks(rows, BATCH))
        while todo:
            batch = todo.pop()
            asked = [row.id for row in batch]
            try:
                answer = self._client.post(
                    self._objects(object_type, "batch/update"),
                    {"inputs": [self._outward(object_type, row) for row in batch]},
                )
                what = f"batch update of {object_type}"
                told = models.parsed(what, partial(judge_writing, asked), answer)
            except Rejected as error:
                if error.about_access:
                    if not (written or unknown):
                        raise
                    unknown |= dict.fromkeys(asked, error)
                elif len(batch) == 1:
                    refused[asked[0]] = str(error)
                else:
                    half = len(batch) // 2
                    todo += [batch[:half], batch[half:]]
                continue
            except (Transient, RateLimited) as error:
                unknown |= dict.fromkeys(asked, error)
                continue
            written |= told.written
            refused |= told.refused
            unknown |= {one: RowFailed(why) for one, why in told.failed.items()}
            unknown |= {
                one: Transient(f"HubSpot did not say what became of {object_type} {one}")
                for one in told.silent
            }
            unknown |= {one: Transient(f"{object_type} {one} is gone") for one in told.gone}
        return Writing(frozenset(written), refused, unknown)

    def search_ids(
        self, object_type: str, filter_groups: Sequence[Sequence[Mapping[str, Any]]]
    ) -> Iterator[tuple[list[str], int]]:
        """Ids of the records that match, oldest first, page by page, with the count of those not
        given before.

        Goes past HubSpot's 10,000 by asking for ids above the last one seen, never by paging.
        Search lags behind: what it gives is a hint. Each page is one search.
        """
        last = 0
        while True:
            groups = [
                {
                    "filters": [
                        *(
                            {**f, "propertyName": self._name(object_type, f["propertyName"])}
                            for f in group
                        ),
                        {"propertyName": "hs_object_id", "operator": "GT", "value": str(last)},
                    ]
                }
                for group in filter_groups
            ]
            answer = self._client.post(
                self._objects(object_type, "search"),
                {
                    "filterGroups": groups,
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": ["hs_object_id"],
                    "limit": SEARCH_PAGE,
                },
            )
            ids, total = models.parsed(
                f"search of {object_type}",
                lambda raw: ([str(int(r["id"])) for r in raw["results"]], int(raw["total"])),
                answer,
            )
            yield ids, total
            if not ids or total <= len(ids):
                return
            furthest = max(int(one) for one in ids)
            if furthest <= last:
                raise Transient("HubSpot's search gave the same page again")
            last = furthest

    def companies_by_domain(self, domains: Sequence[str]) -> dict[str, set[str]]:
        """Ids of the companies with one of these domains (lower case). One search for each 200
        companies, at most `DOMAIN_PAGES`; lags.
        """
        found: dict[str, set[str]] = {}
        body = {
            "filterGroups": [
                {"filters": [{"propertyName": "domain", "operator": "IN", "values": list(domains)}]}
            ],
            "properties": ["domain"],
            "limit": SEARCH_PAGE,
        }
        for _ in range(DOMAIN_PAGES):
            answer = self._client.post(self._objects("companies", "search"), body)
            records, after = models.parsed("search of companies by domain", _page, answer)
            for record in records:
                found.setdefault(record.get("domain").strip().lower(), set()).add(record.id)
            if not after:
                return found
            body["after"] = after
        # Beyond this many companies nobody can say that a domain has only one.
        return {domain: owners for domain, owners in found.items() if len(owners) > 1}

    # ---- associations

    def associated(self, from_type: str, to_type: str, ids: Collection[str]) -> Links:
        """What each id is associated with."""
        found: dict[str, list[Association]] = {}
        errors: dict[str, str] = {}
        path = f"/crm/associations/{self._version}/{from_type}/{to_type}/batch/read"
        what = f"associations of {from_type} with {to_type}"
        for batch in chunks(dict.fromkeys(ids), ASSOCIATIONS_BATCH):
            inputs: list[dict[str, str]] = [{"id": one} for one in batch]
            while inputs:
                answer = self._client.post(path, {"inputs": inputs})
                for one, some in models.parsed(what, models.associations, answer).items():
                    found.setdefault(one, []).extend(some)
                said = models.parsed(what, row_errors, answer)
                asked = [row["id"] for row in inputs]
                errors |= {one: why for one, why in said.named.items() if one in asked}
                if said.unnamed:
                    silent = [one for one in asked if one not in found and one not in said.gone]
                    errors |= dict.fromkeys(silent, "; ".join(said.unnamed))
                further = models.parsed(what, _next_pages, answer)
                if any(row in inputs for row in further):
                    raise Transient(f"HubSpot gave the same page of {what} again")
                inputs = further
        return Links(found, errors)

    def activities(self, ticket_ids: Collection[str]) -> dict[str, list[Record]]:
        """E-mails and notes on tickets: texts, attachment ids, when, which way and by whom. Raises
        `Rejected` where the app may not read them.
        """
        found: dict[str, list[Record]] = {}
        for kind, texts in ACTIVITIES.items():
            linked = self.associated("tickets", kind, ticket_ids).found
            wanted = {a.to_id for some in linked.values() for a in some}
            if not wanted:
                continue
            asked = [*texts, "hs_attachment_ids", "hs_timestamp", "hs_object_source"]
            read = self.read(kind, sorted(wanted), asked).found
            for ticket_id, some in linked.items():
                there = [read[a.to_id] for a in some if a.to_id in read]
                found.setdefault(ticket_id, []).extend(there)
        return found

    # ---- what the portal is made of

    def pipelines(self) -> list[models.Pipeline]:
        answer = self._client.get(f"/crm/pipelines/{self._version}/tickets")
        return models.parsed("list of ticket pipelines", models.pipelines, answer)

    def properties(self, object_type: str, archived: bool = False) -> dict[str, models.Property]:
        """Definitions by our name."""
        answer = self._client.get(
            f"/crm/properties/{self._version}/{object_type}",
            {"archived": "true"} if archived else None,
        )
        definitions = models.parsed(
            f"list of {object_type} properties",
            lambda raw: [models.property_definition(one) for one in raw["results"]],
            answer,
        )
        names = self._names.get(object_type, NO_NAMES)
        return {names.inward(one.name): one for one in definitions if names.has(one.name)}

    def contact_labels(self) -> frozenset[str]:
        """Labels that may stand between a contact and a company."""
        answer = self._client.get(f"/crm/associations/{self._version}/contacts/companies/labels")
        return models.parsed(
            "association labels",
            lambda raw: frozenset(str(one["label"]) for one in raw["results"] if one.get("label")),
            answer,
        )

    def active_owners(self) -> list[models.Owner]:
        """The active owners. HubSpot: 500 a page; `OWNER_PAGES` at most."""
        found: list[models.Owner] = []
        query = {"limit": str(OWNERS_PAGE)}
        for _ in range(OWNER_PAGES):
            answer = self._client.get(f"/crm/owners/{self._version}", query)
            page, after = models.parsed("list of owners", _owners_page, answer)
            found += page
            if not after:
                break
            query = {**query, "after": after}
        return found

    def account(self) -> dict[str, Any]:
        """Account details: `portalId`, `timeZone` and more."""
        answer = self._client.get(f"/account-info/{self._version}/details")
        return models.parsed("account details", dict, answer)

    # ---- names

    def _objects(self, object_type: str, rest: str) -> str:
        return f"/crm/objects/{self._version}/{object_type}/{rest}"

    def _name(self, object_type: str, name: str) -> str:
        return self._names.get(object_type, NO_NAMES).outward(name)

    def _read_body(
        self, object_type: str, ids: list[str], properties: Sequence[str], history: Sequence[str]
    ) -> dict[str, Any]:
        asked = [*properties, "hs_merged_object_ids"]
        body: dict[str, Any] = {
            "inputs": [{"id": one} for one in ids],
            "properties": [self._name(object_type, name) for name in asked],
        }
        if history:
            body["propertiesWithHistory"] = [self._name(object_type, name) for name in history]
        return body

    def _inward(self, object_type: str, record: Record) -> Record:
        names = self._names.get(object_type)
        if names is None:
            return record
        return Record(
            record.id,
            {names.inward(name): value for name, value in record.properties.items()},
            {names.inward(name): entries for name, entries in record.history.items()},
            record.archived,
        )

    def _outward(self, object_type: str, row: Update) -> dict[str, Any]:
        properties = {self._name(object_type, name): v for name, v in row.properties.items()}
        return {"id": row.id, "properties": properties, "objectWriteTraceId": row.id}


def _page(raw: dict[str, Any]) -> tuple[list[Record], str]:
    """The records of a page of a search, and where the next one starts (empty: nowhere)."""
    after = ((raw.get("paging") or {}).get("next") or {}).get("after")
    return [models.record(one) for one in raw["results"]], str(after or "")


def _owners_page(raw: dict[str, Any]) -> tuple[list[models.Owner], str]:
    after = ((raw.get("paging") or {}).get("next") or {}).get("after")
    return [models.owner(one) for one in raw["results"]], str(after or "")


def _next_pages(raw: dict[str, Any]) -> list[dict[str, str]]:
    pages = []
    for result in raw["results"]:
        after = ((result.get("paging") or {}).get("next") or {}).get("after")
        if after:
            pages.append({"id": str(result["from"]["id"]), "after": str(after)})
    return pages
