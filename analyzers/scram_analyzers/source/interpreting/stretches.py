"""Reads a module stretch by stretch, and takes over what reading one came to last time where it would be the same.

A stretch is a section, or a class or function that nothing uses, the very object: one that was made anew may have other
defaults or bases, which no trace tells. Neighbours that are taken over again and again become a block, which is taken
over as one: so a keystroke in a long file costs hardly more than in a short one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from scram_analyzers.source.interpreting import iteration
from scram_analyzers.source.interpreting.reuse import Block, Memory, Outcome, Trace, joined

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter
    from scram_analyzers.source.program import UnreadPart

Thing = TypeVar("Thing", bound=Hashable)
Parts: TypeAlias = "Sequence[tuple[Hashable, Callable[[], Iterator[UnreadPart]]]]"
"""What a stretch is read by, in order: the statements of a section, say, each with what reads it."""

BLOCK = 16
"""How many stretches become one at most. An edit breaks up the block around it: its others are looked at one by one."""

JOINED_AT_ONCE = 4 * BLOCK
"""How many stretches are put together in one reading at most: the first after a file was opened has none of them."""

STRETCH_BITS = 32
"""Scopes and identities count from a number of each stretch's own, so that they never meet those of another."""


class Stretches:
    """The stretches of one reading. `outcomes` and `blocks` are what the next one may take over.

    Without a memory nothing is taken over and nothing kept. The interpreter that they are read by is not held: it holds
    them, and what it noted should be gone with it.
    """

    def __init__(self, memory: Memory | None) -> None:
        self._memory = memory
        self._may_join = JOINED_AT_ONCE
        self.outcomes: dict[Hashable, Outcome] = {}
        self.blocks: dict[Hashable, Block] = {}

    def read(
        self,
        interpreter: Interpreter,
        things: Sequence[Thing],
        parts: Callable[[Thing], Parts],
    ) -> Iterator[UnreadPart]:
        """Read things in order, those included that reading adds to them; gives what could not be read."""
        taken: list[Block] = []
        position = 0
        while position < len(things):
            thing = things[position]
            block = self._taken_over(interpreter, things, position)
            if block is not None:
                taken.append(block)
                position += len(block.things)
                continue
            self._join(taken)
            taken = []
            yield from self._read(interpreter, thing, parts(thing))
            position += 1
        self._join(taken)

    def _taken_over(self, interpreter: Interpreter, things: Sequence[Hashable], position: int) -> Block | None:
        """What is the same as last time from a position on, put in place; None where that must be read."""
        if self._memory is None:
            return None
        thing = things[position]
        block = self._memory.blocks.get(thing)
        if (
            block is None
            or tuple(things[position : position + len(block.things)]) != block.things
            or not _repeat(interpreter, block.outcome)
        ):
            outcome = self._memory.outcomes.get(thing)
            if outcome is None or not _repeat(interpreter, outcome):
                return None
            block = Block((thing,), {thing: outcome}, outcome)
        self.outcomes.update(block.outcomes)
        return block

    def _join(self, taken: list[Block]) -> None:
        """Put together neighbours that were taken over."""
        group: list[Block] = []
        size = 0
        for block in taken:
            fits = not group or (group[0].outcome.late is block.outcome.late and self._may_join >= len(block.things))
            if not fits or size + len(block.things) > BLOCK:
                self._keep(group)
                group, size = [], 0
            group.append(block)
            size += len(block.things)
        self._keep(group)

    def _keep(self, group: list[Block]) -> None:
        block = group[0] if len(group) == 1 else None
        if len(group) > 1:
            things = tuple(itertools.chain.from_iterable(each.things for each in group))
            outcomes = {thing: outcome for each in group for thing, outcome in each.outcomes.items()}
            block = Block(things, outcomes, joined([each.outcome for each in group]))
            self._may_join -= len(things)
        if block is not None and len(block.things) > 1:
            self.blocks[block.things[0]] = block

    def _read(self, interpreter: Interpreter, thing: Hashable, parts: Parts) -> tuple[UnreadPart, ...]:
        interpreter.loops_until = iteration.loops_until(interpreter)
        if self._memory is None:
            return tuple(itertools.chain.from_iterable(run() for _, run in parts))
        known = self._memory.outcomes.get(thing) if thing not in self.outcomes else None
        if known is None or len(parts) < 2:
            outcome = self._followed(interpreter, parts, known)
        else:
            outcome = self._read_by_parts(interpreter, parts, known)
        if not outcome.unread:  # how deep is too deep depends on who calls
            self.outcomes[thing] = outcome
        return outcome.unread

    def _read_by_parts(self, interpreter: Interpreter, parts: Parts, known: Outcome) -> Outcome:
        """Read a stretch of which something asks for what has changed: the rest of it may well be the same."""
        by_part: dict[Hashable, Outcome] = {}
        for part, run in parts:
            outcome = known.parts.get(part)
            within = outcome is not None and interpreter.steps + outcome.steps <= interpreter.loops_until
            if outcome is None or not within or not _repeat(interpreter, outcome):
                outcome = self._followed(interpreter, [(part, run)], outcome)
            by_part[part] = outcome
        follows_all_loops = interpreter.steps <= interpreter.loops_until
        return replace(joined(list(by_part.values())), last=0, parts=by_part if follows_all_loops else {})

    def _followed(self, interpreter: Interpreter, parts: Parts, last: Outcome | None) -> Outcome:
        """Read parts as one, with a trace of what they ask for and change.

        Identities are those of the `last` time, so that what makes the same objects again leaves others standing.
        """
        assert self._memory is not None
        trace = interpreter.state.trace = Trace()
        first = (last and last.first) or next(self._memory.serials) << STRETCH_BITS
        interpreter.identities = itertools.count(first + 1)
        steps, late, scopes = interpreter.steps, interpreter.is_late, len(interpreter.scope_parents)
        marks = interpreter.recording.marks()
        unread = tuple(itertools.chain.from_iterable(run() for _, run in parts))
        names, heap, facts = interpreter.state.names, interpreter.state.heap, interpreter.facts
        return Outcome(
            names=trace.names.answers(names).of(lambda name: name[0] >> STRETCH_BITS != first >> STRETCH_BITS),
            heap=trace.heap.answers(heap),
            facts=trace.facts.answers(facts),
            changed_names=trace.names.changes(names),
            changed_heap=trace.heap.changes(heap),
            changed_facts=trace.facts.changes(facts),
            scopes=dict(itertools.islice(interpreter.scope_parents.items(), scopes, None)),
            recorded=interpreter.recording.since(marks),
            unread=unread,
            steps=interpreter.steps - steps,
            late=late,
            first=first,
        )


def _repeat(interpreter: Interpreter, outcome: Outcome) -> bool:
    """Do again what reading a stretch did, where it would do the same; gives whether it would."""
    state = interpreter.state
    if interpreter.steps + outcome.steps > interpreter.budget:
        return False
    last_begins = interpreter.steps + (0 if outcome.late else outcome.last)
    if (last_begins > interpreter.budget // 2) is not outcome.late:
        return False
    facts = interpreter.facts
    if not (outcome.names.hold(state.names) and outcome.heap.hold(state.heap) and outcome.facts.hold(facts)):
        return False
    outcome.changed_names.put(state.names)
    outcome.changed_heap.put(state.heap)
    outcome.changed_facts.put(facts)
    interpreter.scope_parents.update(outcome.scopes)
    interpreter.recording.add(outcome.recorded)
    interpreter.steps += outcome.steps
    return True
