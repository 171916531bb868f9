"""Our property names and the portal's, where `portal.yaml` says that they differ."""

from __future__ import annotations

from collections.abc import Mapping


class PropertyNames:
    """Translates property names of one kind of record to the portal's and back."""

    def __init__(self, ours_to_portal: Mapping[str, str] | None = None) -> None:
        self._outward = dict(ours_to_portal or {})
        self._inward = {theirs: ours for ours, theirs in self._outward.items()}

    def outward(self, name: str) -> str:
        return self._outward.get(name, name)

    def inward(self, name: str) -> str:
        return self._inward.get(name, name)

    def has(self, theirs: str) -> bool:
        """Whether a portal's name means something to us. One that is spelled like ours where
        ours is called otherwise in the portal is somebody else's property.
        """
        return self.outward(self.inward(theirs)) == theirs
