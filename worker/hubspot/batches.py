"""What became of each id of a batch (pure).

HubSpot: a batch answer is judged by `results`, `errors` and `numErrors`, never by its status.
Every id asked for ends in exactly one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from worker.hubspot.models import Reading, as_list, error_sentence, record

HIGHEST_ID = 2**63 - 1
# Categories of row errors that are HubSpot's own trouble and say nothing against the row.
PASSING = frozenset({"INTERNAL_ERROR", "RATE_LIMITS"})


@dataclass(frozen=True, slots=True)
class RowErrors:
    """The `errors` of a batch answer. Rows may be left without a name by HubSpot."""

    named: dict[str, str]  # id → HubSpot's sentence
    gone: frozenset[str]  # ids that do not exist (any more)
    unnamed: tuple[str, ...]  # sentences about rows that are not named
    passing: frozenset[str] = frozenset()  # of the named: HubSpot's own trouble, not the row's
    passing_unnamed: bool = False  # some of the unnamed are such


@dataclass(frozen=True, slots=True)
class Rows:
    """What became of the rows of an update. `failed`: HubSpot's own trouble with this row alone;
    `silent`: HubSpot did not say.
    """

    written: frozenset[str]
    refused: dict[str, str]
    gone: frozenset[str]
    silent: frozenset[str]
    failed: dict[str, str]


def is_id(text: str) -> bool:
    """Whether a text can be a record's id; one that can't makes HubSpot refuse a whole batch."""
    return text.isascii() and text.isdigit() and 0 < int(text[:20]) <= HIGHEST_ID


def judge_reading(asked: Sequence[str], raw: dict[str, Any]) -> tuple[Reading, frozenset[str]]:
    """What became of each id of a batch read; and the ids to ask for alone, because records came
    back under ids that nobody asked for and do not say what they were merged from.
    """
    records = [record(one) for one in raw["results"]]
    found = {one.id: one for one in records if one.id in asked}
    merged: dict[str, str] = {}
    strangers: set[str] = set()
    for one in records:
        # HubSpot: a merged record is returned under the id it lives on under.
        olds = [o for o in one.get("hs_merged_object_ids").split(";") if o in asked]
        merged |= {old: one.id for old in olds if old not in found}
        if one.id not in found and not olds:
            strangers.add(one.id)
    said = row_errors(raw)
    told = found.keys() | merged.keys()
    errors = {one: why for one, why in said.named.items() if one in asked and one not in told}
    untold = [one for one in asked if one not in told and one not in errors]
    if len(untold) == len(strangers) == 1:
        merged[untold.pop()] = strangers.pop()
    if said.unnamed:
        errors |= {one: "; ".join(said.unnamed) for one in untold if one not in said.gone}
    absent = frozenset(one for one in untold if one not in errors)
    alone = absent if strangers and len(asked) > 1 else frozenset()
    return Reading(found, merged, errors, absent - alone), alone


def judge_writing(asked: Sequence[str], raw: dict[str, Any]) -> Rows:
    """What became of each row of a batch update."""
    said = row_errors(raw)
    named = {one: why for one, why in said.named.items() if one in asked}
    failed = {one: why for one, why in named.items() if one in said.passing}
    refused = {one: why for one, why in named.items() if one not in failed}
    gone = said.gone.intersection(asked) - named.keys()
    written = {str(result["id"]) for result in raw["results"]}.intersection(asked)
    written -= named.keys() | gone
    silent = frozenset(asked) - written - named.keys() - gone
    if silent and len(said.unnamed) >= len(silent) and not said.passing_unnamed:
        refused |= dict.fromkeys(silent, "; ".join(said.unnamed))
        silent = frozenset()
    return Rows(frozenset(written), refused, gone, silent, failed)


def row_errors(raw: dict[str, Any]) -> RowErrors:
    """The `errors` of a batch answer, by the ids that they name in their context."""
    named: dict[str, str] = {}
    gone: set[str] = set()
    unnamed: list[str] = []
    passing: set[str] = set()
    passing_unnamed = False
    errors = raw.get("errors") or []
    for error in errors:
        kind = f"{error.get('category')} {error.get('subCategory')}"
        nothing_there = "NOT_FOUND" in kind or "NO_ASSOCIATIONS" in kind
        sentence = error_sentence(error)
        ids = _ids(error.get("context"))
        if nothing_there:
            gone.update(ids)
        elif ids:
            named |= dict.fromkeys(ids, sentence)
            passing.update(ids if error.get("category") in PASSING else ())
        else:
            unnamed.append(sentence)
            passing_unnamed |= error.get("category") in PASSING
    more = int(raw.get("numErrors") or 0) - len(errors)
    unnamed += ["HubSpot counts an error that it does not name"] * max(0, more)
    gone -= named.keys()
    return RowErrors(named, frozenset(gone), tuple(unnamed), frozenset(passing), passing_unnamed)


def _ids(context: object) -> list[str]:
    if not isinstance(context, dict):
        return []
    ids: list[str] = []
    for key in ("ids", "id", "objectWriteTraceId", "fromObjectId"):
        ids += [str(one) for one in as_list(context.get(key))]
    return ids
