"""The order in which blocks are met when every branch is taken: what *earlier* means for conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opulse.experience.surveys.models import (
    Block,
    BlockStep,
    Branch,
    Group,
    LocalisedSurvey,
    Randomizer,
    Step,
    SurveyDocument,
)


def blocks_in_order(document: SurveyDocument | LocalisedSurvey) -> tuple[Block, ...]:
    """The blocks as the flow meets them, each once; those that the flow leaves out come last."""
    if not document.flow:
        return document.blocks
    known = {block.id: block for block in document.blocks}
    met = dict.fromkeys(step.block for step in steps_of(document.flow) if isinstance(step, BlockStep))
    return (
        *(known[block] for block in met if block in known),
        *(block for block in document.blocks if block.id not in met),
    )


def steps_of(flow: Iterable[Step]) -> Iterator[Step]:
    """Every step with those inside it, outer ones first."""
    for step in flow:
        yield step
        if isinstance(step, Branch | Randomizer | Group):
            yield from steps_of(step.flow)
