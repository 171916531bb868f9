"""The pretended portal: one account with its records, and the only way to change them.

Values given to `create` and `update` are taken as they are: whoever lets a client write checks
them first (`simulator.rules`). What HubSpot computes itself is computed here.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any

from simulator.settings import Settings
from simulator.state import actors, derived
from simulator.state.actors import Actor
from simulator.state.association_types import DEFINED, PRIMARY_TYPE, Pair
from simulator.state.associations import Associations
from simulator.state.changes import AssociationChange, Change, RecordChange
from simulator.state.clock import Agenda, Clock
from simulator.state.default_properties import default_schema
from simulator.state.journal import Journal
from simulator.state.object_types import ALL, COMPANY, ObjectType
from simulator.state.owners import Owner
from simulator.state.pipelines import Pipeline, Stage, support_pipeline
from simulator.state.records import Record
from simulator.state.schema import Schema
from simulator.state.search_index import SearchIndex
from simulator.state.table import Table

# A portal that has been in use for two years when the simulator starts.
_AGE_MS = 2 * 365 * 86_400_000


class Portal:
    """One HubSpot account. Not for use from several threads."""

    def __init__(self, settings: Settings, seed: int = 0) -> None:
        self.settings = settings
        self.clock = Clock()
        self.agenda = Agenda()
        self.random = random.Random(seed)  # noqa: S311 - makes runs repeatable, guards nothing
        self.born_ms = self.clock.now_ms() - _AGE_MS
        self.tables: dict[str, Table] = {kind.id: Table(kind) for kind in ALL}
        self.schemas: dict[str, Schema] = {
            kind.id: default_schema(kind, self.born_ms) for kind in ALL
        }
        self.pipelines: dict[str, Pipeline] = {"0": support_pipeline(self.born_ms)}
        self.owners: dict[int, Owner] = {}
        self.files: dict[int, dict[str, Any]] = {}
        self.link_limits: dict[tuple[Pair, int], int] = {}
        self.associations = Associations()
        self.index = SearchIndex()
        self.journal = Journal()
        self.listeners: list[Callable[[Change], None]] = [self.journal.note]

    # Reading

    def table(self, kind: ObjectType) -> Table:
        return self.tables[kind.id]

    def find(self, kind: ObjectType, record_id: int) -> Record | None:
        """A live record by its id or by an id merged into it; None when gone or archived."""
        follow = self.settings.assume("merged_ids_resolve")
        record = self.tables[kind.id].resolve(record_id, follow)
        return None if record is None or record.archived_ms is not None else record

    def stage(self, pipeline_id: str, stage_id: str) -> Stage | None:
        pipeline = self.pipelines.get(pipeline_id)
        return None if pipeline is None else pipeline.stages.get(stage_id)

    def pipeline_of_stage(self, stage_id: str) -> Pipeline | None:
        """The live pipeline that has the live stage; None when no pipeline has it."""
        for pipeline in self.pipelines.values():
            stage = pipeline.stages.get(stage_id)
            if pipeline.archived_ms is None and stage is not None and stage.archived_ms is None:
                return pipeline
        return None

    # Writing

    def create(
        self,
        kind: ObjectType,
        values: dict[str, str],
        actor: Actor,
        at_ms: int | None = None,
        silent: bool = False,
    ) -> Record:
        """A new record, told to the log and, unless silent, to the webhooks."""
        now = self.clock.now_ms()
        at_ms = now if at_ms is None else at_ms
        table = self.tables[kind.id]
        kept = {name: value for name, value in values.items() if value}
        record = Record(kind, table.new_id(), kept, actor, at_ms)
        record.silent = silent
        derived.at_creation(self, record)
        if self.settings.index_delay_s:
            self.index.remember(record, now, existed=False)
        table.add(record)
        changes: dict[str, tuple[str | None, str | None]] = {
            name: (None, value) for name, value in record.values.items()
        }
        self._tell(RecordChange("create", record, actor, at_ms, changes))
        return record

    def update(self, record: Record, values: dict[str, str], actor: Actor) -> dict[str, Any]:
        """Writes values; returns what changed, as property to (before, after).

        A value equal to the present one leaves no history entry and no event, unless the
        assumption `same_value_writes_history` says otherwise.
        """
        again = self.settings.assume("same_value_writes_history")
        wanted = {
            name: value
            for name, value in values.items()
            if again or (record.values.get(name) or "") != value
        }
        if not wanted:
            return {}
        now = self._before_write(record)
        computed = derived.after_update(self, record, wanted, now)
        changes: dict[str, tuple[str | None, str | None]] = {}
        for writer, batch in ((actor, wanted), (actors.CALCULATED, computed)):
            for name, value in batch.items():
                before = record.values.get(name)
                record.set(name, value, writer, now)
                self.tables[record.kind.id].reindex(record, name, before, value or None)
                changes[name] = (before, value or None)
        self._tell(RecordChange("update", record, actor, now, changes))
        return changes

    def archive(self, record: Record, actor: Actor) -> None:
        """Moves a record to the recycling bin; it stays readable with `archived=true`."""
        now = self._before_write(record)
        record.archived_ms = now
        self.tables[record.kind.id].live -= 1
        self._tell(RecordChange("archive", record, actor, now))

    def restore(self, record: Record, actor: Actor) -> None:
        """Takes a record out of the recycling bin."""
        now = self._before_write(record)
        record.archived_ms = None
        self.tables[record.kind.id].live += 1
        self._tell(RecordChange("restore", record, actor, now))

    def privacy_delete(self, record: Record, actor: Actor) -> None:
        """Removes a record for good, with its links."""
        now = self._before_write(record)
        for other_type, other_id, _ in list(self.associations.any_of(record.kind.id, record.id)):
            self.associations.remove((record.kind.id, other_type), record.id, other_id)
        self.tables[record.kind.id].forget(record)
        self._tell(RecordChange("privacy_delete", record, actor, now))

    def merge(self, primary: Record, other: Record, actor: Actor) -> Record:
        """Merges `other` into `primary`; returns the record that remains.

        That is a new record under a new id, to which both old ids lead (HubSpot's objects guide),
        unless the assumption `merge_keeps_primary_id` says otherwise.
        """
        now = self._before_write(other)
        self._before_write(primary)
        table = self.tables[primary.kind.id]
        moved = {
            name: value
            for name, value in other.values.items()
            if name not in primary.values and not name.startswith("hs_")
        }
        keeps = self.settings.assume("merge_keeps_primary_id")
        survivor = primary if keeps else self._successor(primary, now)
        gone = [other] if keeps else [primary, other]
        for record in gone:
            self._move_links(record, survivor)
            table.forget(record)
            table.merged_into[record.id] = survivor.id
        survivor.merged_ids = (*primary.merged_ids, *other.merged_ids, primary.id, other.id)
        moved["hs_merged_object_ids"] = ";".join(str(i) for i in survivor.merged_ids)
        changes: dict[str, tuple[str | None, str | None]] = {}
        merging = Actor("hubspot", "merge", "MERGE_OBJECTS", actor.source_id, actor.user_id)
        for name, value in moved.items():
            changes[name] = (survivor.values.get(name), value)
            survivor.set(name, value, merging, now)
            table.reindex(survivor, name, changes[name][0], value)
        survivor.updated_ms = now
        self._tell(
            RecordChange("merge", survivor, actor, now, changes, (other.id,), primary_id=primary.id)
        )
        return survivor

    def _successor(self, primary: Record, now: int) -> Record:
        table = self.tables[primary.kind.id]
        heir = Record(
            primary.kind, table.new_id(), dict(primary.values), primary.creator, primary.created_ms
        )
        heir.history = dict(primary.history) if primary.history else None
        heir.updated_ms = now
        heir.silent = primary.silent
        table.add(heir)
        return heir

    def _move_links(self, old: Record, new: Record) -> None:
        links = self.associations
        for other_type, other_id, types in list(links.any_of(old.kind.id, old.id)):
            pair = (old.kind.id, other_type)
            links.remove(pair, old.id, other_id)
            kept = set(types) - {PRIMARY_TYPE.get(pair)} if links.primary(pair, new.id) else types
            if (other_type, other_id) != (new.kind.id, new.id):
                links.put(pair, new.id, other_id, [kind for kind in kept if kind is not None])

    # Linking

    def associate(
        self, one: Record, other: Record, type_ids: Iterable[int], actor: Actor, told: bool = True
    ) -> None:
        """Links two records under these types, tells both sides, and follows the primary company.

        A primary comes with the unlabelled type, hence as two events (HubSpot's webhooks guide).
        """
        pair = (one.kind.id, other.kind.id)
        fresh = self.associations.put(pair, one.id, other.id, type_ids)
        if told:
            self._tell_links(one, other, fresh, False, actor)
        self._follow_companies(one, other)

    def dissociate(self, one: Record, other: Record, only: set[int] | None, actor: Actor) -> None:
        """Unlinks two records, or takes off only the given types."""
        pair = (one.kind.id, other.kind.id)
        gone = self.associations.remove(pair, one.id, other.id, only)
        self._tell_links(one, other, gone, True, actor, self._inverses(pair, gone))
        self._follow_companies(one, other)

    def _inverses(self, pair: tuple[str, str], type_ids: set[int]) -> dict[int, int]:
        kinds = self.associations.types(pair)
        return {kind: kinds[kind].inverse_id for kind in type_ids}

    def _tell_links(
        self,
        one: Record,
        other: Record,
        type_ids: set[int],
        removed: bool,
        actor: Actor,
        inverses: dict[int, int] | None = None,
    ) -> None:
        now = self.clock.now_ms()
        pair = (one.kind.id, other.kind.id)
        kinds = self.associations.types(pair)
        back = self._inverses(pair, type_ids) if inverses is None else inverses
        for type_id in sorted(type_ids, reverse=True):
            kind = kinds[type_id]
            primary = kind.category == "HUBSPOT_DEFINED" and kind.label == "Primary"
            self._tell(
                AssociationChange(one, other, type_id, kind.category, removed, primary, actor, now)
            )
            self._tell(
                AssociationChange(
                    other, one, back[type_id], kind.category, removed, primary, actor, now
                )
            )

    def _follow_companies(self, one: Record, other: Record) -> None:
        if not self.settings.assume("primary_company_property_follows"):
            return
        for record, side in ((one, other), (other, one)):
            if side.kind is COMPANY and (record.kind.id, COMPANY.id) in DEFINED:
                values = derived.company_values(self, record)
                present = {name: record.values.get(name) or "" for name in values}
                changed = {name: value for name, value in values.items() if present[name] != value}
                if changed:
                    self.update(record, changed, actors.CALCULATED)

    # Telling

    def _before_write(self, record: Record) -> int:
        now = self.clock.now_ms()
        if self.settings.index_delay_s:
            self.index.remember(record, now)
        record.updated_ms = now
        self.tables[record.kind.id].version += 1
        return now

    def _tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)
