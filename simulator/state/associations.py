"""Who is linked with whom, and under which types; kept in both directions."""

from collections.abc import Iterable, Iterator

from simulator.state.association_types import (
    DEFAULT_TYPE,
    DEFINED,
    PRIMARY_TYPE,
    AssociationType,
    Pair,
)

Types = tuple[int, ...]


class Associations:
    """Links between records. Every link carries the unlabelled type of its pair."""

    def __init__(self) -> None:
        self._links: dict[Pair, dict[int, dict[int, Types]]] = {}
        self._labels: dict[Pair, dict[int, AssociationType]] = {}
        # Clear of HubSpot's own ids for the same pairs, which a portal's labels may repeat.
        self._next_label = 37

    def types(self, pair: Pair) -> dict[int, AssociationType]:
        """HubSpot's own and the portal's types of a pair, by id; empty for a pair without any."""
        return {**DEFINED.get(pair, {}), **self._labels.get(pair, {})}

    def labels(self, pair: Pair) -> dict[int, AssociationType]:
        """Only the portal's own labels of this direction."""
        return self._labels.get(pair, {})

    def add_label(self, pair: Pair, label: str, inverse: str | None, name: str) -> tuple[int, int]:
        """Makes a label; returns its type ids there and back: one id for a same-type label."""
        there = self._next_label
        back = there + 1
        self._next_label += 2
        reverse = (pair[1], pair[0])
        if pair == reverse and inverse is None:
            back = there
        user = "USER_DEFINED"
        self._labels.setdefault(pair, {})[there] = AssociationType(there, user, label, name, back)
        if back != there:
            self._labels.setdefault(reverse, {})[back] = AssociationType(
                back, user, inverse or label, name, there
            )
        return there, back

    def rename_label(self, pair: Pair, type_id: int, label: str, inverse: str | None) -> bool:
        """Changes what a label is called; False when the pair has no such label."""
        known = self._labels.get(pair, {}).get(type_id)
        if known is None:
            return False
        self._labels[pair][type_id] = known._replace(label=label)
        if inverse is not None:
            back = self._labels[(pair[1], pair[0])]
            back[known.inverse_id] = back[known.inverse_id]._replace(label=inverse)
        return True

    def drop_label(self, pair: Pair, type_id: int) -> bool:
        """Removes a label and its use on all links; False when the pair has no such label."""
        known = self._labels.get(pair, {}).pop(type_id, None)
        if known is None:
            return False
        reverse = (pair[1], pair[0])
        self._labels.get(reverse, {}).pop(known.inverse_id, None)
        for side, gone in ((pair, type_id), (reverse, known.inverse_id)):
            for targets in self._links.get(side, {}).values():
                for target, types in targets.items():
                    if gone in types:
                        targets[target] = tuple(kind for kind in types if kind != gone)
        return True

    def of(self, pair: Pair, from_id: int) -> dict[int, Types]:
        """Linked ids with their type ids, in the order in which they were linked."""
        return self._links.get(pair, {}).get(from_id, {})

    def any_of(self, type_id: str, from_id: int) -> Iterator[tuple[str, int, Types]]:
        """All links of a record: other type, other id, type ids."""
        for (from_type, to_type), table in self._links.items():
            if from_type == type_id:
                for to_id, types in list(table.get(from_id, {}).items()):
                    yield to_type, to_id, types

    def primary(self, pair: Pair, from_id: int) -> int | None:
        """The primary record of the pair's target type; None without one."""
        primary = PRIMARY_TYPE.get(pair)
        if primary is None:
            return None
        for to_id, types in self.of(pair, from_id).items():
            if primary in types:
                return to_id
        return None

    def put(self, pair: Pair, from_id: int, to_id: int, type_ids: Iterable[int]) -> set[int]:
        """Links two records under exactly these types and the unlabelled one.

        Labels not named are taken off the pair, as HubSpot does; a new primary takes that role
        from the one before, which stays linked. Returns the type ids that are new.
        """
        wanted = set(type_ids)
        default = DEFAULT_TYPE.get(pair)
        if default is not None:
            wanted.add(default)
        before = set(self.of(pair, from_id).get(to_id, ()))
        primary = PRIMARY_TYPE.get(pair)
        inverse_pair = (pair[1], pair[0])
        inverse_primary = self._primary_seen_from(pair)
        for kept in (primary, inverse_primary):
            if kept is not None and kept in before:
                wanted.add(kept)
        self._unseat(pair, from_id, to_id, wanted)
        self._write(pair, from_id, to_id, wanted)
        kinds = self.types(pair)
        self._write(inverse_pair, to_id, from_id, {kinds[kind].inverse_id for kind in wanted})
        return wanted - before

    def _primary_seen_from(self, pair: Pair) -> int | None:
        """The primary type as the company's side has it, such as 25 from company to ticket."""
        reverse = (pair[1], pair[0])
        primary = PRIMARY_TYPE.get(reverse)
        return None if primary is None else DEFINED[reverse][primary].inverse_id

    def _unseat(self, pair: Pair, from_id: int, to_id: int, wanted: set[int]) -> None:
        primary = PRIMARY_TYPE.get(pair)
        holder, pair_of_holder, seat = from_id, pair, to_id
        if primary is None or primary not in wanted:
            inverse = self._primary_seen_from(pair)
            if inverse is None or inverse not in wanted:
                return
            pair_of_holder, holder, seat = (pair[1], pair[0]), to_id, from_id
            primary = PRIMARY_TYPE[pair_of_holder]
        old = self.primary(pair_of_holder, holder)
        if old is None or old == seat:
            return
        back = DEFINED[pair_of_holder][primary].inverse_id
        reverse = (pair_of_holder[1], pair_of_holder[0])
        self._write(
            pair_of_holder, holder, old, set(self.of(pair_of_holder, holder)[old]) - {primary}
        )
        self._write(reverse, old, holder, set(self.of(reverse, old)[holder]) - {back})

    def _write(self, pair: Pair, from_id: int, to_id: int, types: set[int]) -> None:
        targets = self._links.setdefault(pair, {}).setdefault(from_id, {})
        targets[to_id] = tuple(sorted(types))

    def remove(
        self, pair: Pair, from_id: int, to_id: int, only: set[int] | None = None
    ) -> set[int]:
        """Unlinks two records, or takes off only some labels; returns the type ids removed.

        Removing the unlabelled type removes them all (HubSpot's associations guide).
        """
        before = set(self.of(pair, from_id).get(to_id, ()))
        if not before:
            return set()
        gone = before if only is None or DEFAULT_TYPE.get(pair) in only else before & only
        kinds = self.types(pair)
        reverse = (pair[1], pair[0])
        if gone == before:
            del self._links[pair][from_id][to_id]
            self._links[reverse][to_id].pop(from_id, None)
        else:
            back = {kinds[kind].inverse_id for kind in gone}
            self._write(pair, from_id, to_id, before - gone)
            self._write(reverse, to_id, from_id, set(self.of(reverse, to_id)[from_id]) - back)
        return gone

    def link_quickly(self, pair: Pair, from_id: int, to_id: int, there: Types, back: Types) -> None:
        """Links without looking at what was there: for mass creation only."""
        self._links.setdefault(pair, {}).setdefault(from_id, {})[to_id] = there
        self._links.setdefault((pair[1], pair[0]), {}).setdefault(to_id, {})[from_id] = back
