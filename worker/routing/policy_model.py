"""What every section of the policy is made of: strict, frozen models and a few kinds of text."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Phrase = Annotated[str, Field(min_length=2, max_length=80)]
Label = Annotated[str, Field(min_length=1, max_length=80)]
Section = Annotated[str, Field(pattern=r"^([1-8](\.\d{1,2})?|coverage)$")]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,79}$")]
"""The name of an environment variable, which holds what must not stand in a file."""


class PolicyModel(BaseModel):
    """A section: frozen, nothing converted, no unknown key."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
