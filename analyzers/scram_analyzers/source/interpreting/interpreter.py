"""The abstract interpreter: walks a module in order and says what its names stand for.

It runs nothing. Branches join to what both sides agree on, functions are followed at their calls (and once
alone if nobody calls them), loops over known items are unrolled, and what can't be understood is `Unknown`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NoReturn

import libcst as cst

from scram_analyzers.findings import SourceRange
from scram_analyzers.source.imports import Imports
from scram_analyzers.source.interpreting import (
    binding,
    broken_statements,
    calls,
    class_bodies,
    expressions,
    functions,
    keras_models,
    settings,
)
from scram_analyzers.source.interpreting.functions import Frame
from scram_analyzers.source.interpreting.recording import Recording
from scram_analyzers.source.interpreting.reuse import Fact, Memory, Name, Trace
from scram_analyzers.source.interpreting.snapshots import Snapshots
from scram_analyzers.source.interpreting.state import (
    MODULE_SCOPE,
    NAMED_TUPLE,
    Created,
    DictObject,
    HeapObject,
    Instance,
    ListObject,
    State,
)
from scram_analyzers.source.interpreting.statements import run_block
from scram_analyzers.source.interpreting.stretches import Parts, Stretches
from scram_analyzers.source.keras_api.names import is_exported, is_of_keras
from scram_analyzers.source.keras_api.pasted import meaning_of
from scram_analyzers.source.model import Model
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program, UnreadPart
from scram_analyzers.source.reading.chunks import ParseCache, ParseProblem, PlacedChunk, Section
from scram_analyzers.source.reading.parsed_module import parse_module
from scram_analyzers.source.reading.splitting import split_module
from scram_analyzers.source.recall import Recall
from scram_analyzers.source.values import (
    UNKNOWN,
    Arguments,
    Class,
    Constant,
    Counter,
    Function,
    Ref,
    Symbol,
    Tuple,
    Unknown,
    Value,
)

MAX_CALL_DEPTH = 16
MAX_STEPS_PER_NODE = 60
"""How often, on average, an expression may be evaluated: helpers called in loops, within reason."""
MIN_STEPS = 20_000
MAX_STEPS = 400_000


class BudgetSpentError(Exception):
    """The module takes more steps than a program written by hand would."""


def interpret(text: str, filename: str, cache: ParseCache | None = None) -> Program:
    """Read a module. Never raises for any text: what can't be read is in the program's `unread`.

    What the cache remembers of the file's last reading is taken over where nothing it stood on has changed.
    """
    if cache is None:  # read once: nothing is kept
        return Interpreter(text, filename, parse_module(split_module(text), ParseCache()).chunks).run()
    memory = cache.memory(filename)
    last = memory.module
    module = parse_module(split_module(text, last.split if last is not None else None), cache, last)
    interpreter = Interpreter(text, filename, module.chunks, memory)
    program = interpreter.run()
    stretches, sought = interpreter.stretches, frozenset(interpreter.sought)
    snapshots = interpreter.snapshots.of_these(interpreter.state.heap)
    recall = memory.recall or Recall()
    cache.remember(
        filename, Memory(module, stretches.outcomes, stretches.blocks, sought, memory.serials, snapshots, recall)
    )
    return program


class Interpreter:
    """The state of one walk over one module; `memory` is of the last reading."""

    def __init__(self, text: str, filename: str, chunks: tuple[PlacedChunk, ...], memory: Memory | None = None) -> None:
        self.text = text
        self.filename = filename
        self.chunks = chunks
        self.state = State(Trace())
        self.facts: dict[Fact, object] = {}
        self.recording = Recording()
        self.frame = Frame(MODULE_SCOPE)
        self.frames: list[Frame] = [self.frame]
        self.scope_parents: dict[int, int | None] = {MODULE_SCOPE: None}
        self.section: Section | None = None
        self.owner: Class | None = None  # of which the body is being read
        self.stretches = Stretches(memory)
        self.snapshots = Snapshots(memory.snapshots if memory is not None else {})
        self.identities = itertools.count(1)
        self.steps = 0
        self.loops_until = 0
        self.turns = 1  # how often the loops being followed go round in all
        self.sought: set[str] = set()
        for name in memory.sought if memory is not None else ():
            self._seek(name)
        self.budget = min(max(MIN_STEPS, MAX_STEPS_PER_NODE * len(text) // 8), MAX_STEPS)

    # -- the whole module

    def run(self) -> Program:
        """Interpret every chunk, then the functions and methods that nothing called."""
        unread = [_unread(chunk, problem) for chunk in self.chunks if (problem := chunk.parsed.problem) is not None]
        made: tuple[Model, ...] = ()
        try:
            unread += self.stretches.read(self, [chunk.section for chunk in self.chunks], self._statements)
            unread += self._uncalled()
            made = tuple(keras_models.made(self))
        except BudgetSpentError:
            unread.append(
                UnreadPart(
                    SourceRange.of(1, 0, 1, 0),
                    "This module is too large or too entangled to be read to its end; later parts may be unchecked.",
                    "Split it into smaller modules.",
                )
            )
        return self.recording.program(self.filename, self.text, self.chunks, self._import_table(), unread, made)

    @property
    def is_late(self) -> bool:
        """Whether half of the budget is spent."""
        return self.steps > self.budget // 2

    def _statements(self, section: Section) -> Parts:
        if section.parsed.module is None:
            return ((section, partial(self._pass_over, section)),)
        if section.continues:
            return [(section, partial(self._run_statement, section, partial(class_bodies.go_on, self, section.parsed)))]
        body = section.parsed.module.body
        return [(each, partial(self._run_statement, section, partial(run_block, self, (each,)))) for each in body]

    def _run_statement(self, section: Section, run: Callable[[], None]) -> Iterator[UnreadPart]:
        self.section = section
        try:
            run()
        except RecursionError:
            yield self._too_deep(section)
        self._go_on()

    def _pass_over(self, section: Section) -> Iterator[UnreadPart]:
        if section.continues:
            class_bodies.bind_broken(self, section.parsed.text)
        else:
            broken_statements.pass_over(self, section.parsed.text)
        return iter(())

    def _go_on(self) -> None:
        """What stands after an exit, or a statement out of its place, is still worth checking."""
        frame = self.frame
        if not self.state.live:
            ended = [*(state for _, state in frame.returns), *frame.breaks, *frame.continues]
            self.state = ended[0] if ended else self.state
            self.state.live = True
        frame.returns, frame.breaks, frame.continues = [], [], []

    def _too_deep(self, section: Section) -> UnreadPart:
        line = next(chunk.first_line for chunk in self.chunks if chunk.section is section)
        return UnreadPart(
            SourceRange.of(line, 0, line + 1, 0),
            "This code nests too deep to be read.",
            "Give the inner parts names of their own.",
        )

    def _uncalled(self) -> Iterator[UnreadPart]:
        yield from self.stretches.read(self, self.recording.classes, self._of_class_alone)
        yield from self.stretches.read(
            self,
            self.recording.definitions,
            lambda function: ((function, partial(self._guarded, partial(self.run_alone, function), function.section)),),
        )

    def _of_class_alone(self, part: Class | Function) -> Parts:
        return ((part, partial(self._guarded, partial(class_bodies.read_alone, self, part), part.section)),)

    def _guarded(self, run: Callable[[], None], section: Section) -> Iterator[UnreadPart]:
        try:
            run()
        except RecursionError:
            yield self._too_deep(section)
        self.state.live = True
        self.frames = self.frames[:1]
        self.frame = self.frames[0]

    def run_alone(self, function: Function) -> None:
        """Follow a function that nothing has called, with nothing known of its arguments."""
        if self.fact("entered", function.node) is None:
            self.call_function(function, Arguments(open=True))

    def _import_table(self) -> Imports:
        names: dict[str, str] = {}
        for name, dotted in self.recording.imports:
            names.setdefault(name, dotted)
        return Imports(names, self.stars)

    # -- facts: what is remembered beside names and heap

    def fact(self, kind: str, about: Hashable = None) -> object:
        """What was noted last; None for nothing."""
        key = (kind, about)
        known = self.facts.get(key)
        self.state.trace.facts.ask(key, known)
        return known

    def note(self, kind: str, about: Hashable, value: object) -> None:
        """Remember a fact for the rest of the module."""
        key = (kind, about)
        self.state.trace.facts.change(key, self.facts)
        self.facts[key] = value

    @property
    def stars(self) -> tuple[str, ...]:
        """The modules of which everything was imported."""
        return stars if isinstance(stars := self.fact("stars"), tuple) else ()

    def add_star(self, module: str) -> None:
        """Note `from module import *`."""
        self.note("stars", None, (*self.stars, module))

    # -- places and steps

    def place(self, node: cst.CSTNode) -> Place:
        """Where `node` of the section being read stands."""
        assert self.section is not None
        return tuple.__new__(Place, (self.section, node))  # half the cost of `Place(...)`, many times a line

    def stop(self) -> NoReturn:
        """Give up: `steps` went over the `budget`."""
        raise BudgetSpentError

    def execute(self, statements: Sequence[cst.CSTNode]) -> None:
        """Run statements in order."""
        run_block(self, statements)

    def evaluate(self, node: cst.BaseExpression) -> Value:
        """What an expression is worth here."""
        return expressions.evaluate(self, node)

    # -- names

    def assign(self, target: cst.CSTNode, value: Value) -> None:
        """Bind a target of any form."""
        binding.assign(self, target, value)

    def parameter_defaults(self, parameters: cst.Parameters) -> Mapping[str, Value]:
        """The values of a function's defaults."""
        return binding.parameter_defaults(self, parameters)

    def lookup(self, name: str, node: cst.CSTNode) -> Value:
        """What a name, written at `node`, stands for in the current scope."""
        scope: int | None = self.frame.scope
        names, journal = self.state.names, self.state.trace.names
        asked, before = journal.asked, journal.before
        while scope is not None:
            key = (scope, name)
            value = names.get(key)
            if key not in before or before[key] is value:  # as `Journal.ask`, in the most frequent place of all
                asked.add(key)
            if value is not None:
                return value
            scope = self.scope_parents[scope]
        if name == "__name__":
            return Constant("__main__", self.place(node))
        for star in reversed(self.stars):
            if is_exported(star, name):
                return Symbol(f"{star}.{name}")
        if name in expressions.BUILTIN_NAMES:
            return Symbol(f"builtins.{name}")
        forgotten = None if any(not is_of_keras(star) for star in self.stars) else meaning_of(name)
        if forgotten is not None and self.never_bound(name):
            return Symbol(forgotten)
        return Unknown(self.place(node))

    def never_bound(self, name: str) -> bool:
        """Whether nothing in the module binds a name: its import was left out, as in code that was pasted."""
        key = ("never bound", name)
        if key not in self.facts:
            self._seek(name)
        return bool(self.fact(*key))

    def _seek(self, name: str) -> None:
        """Settle whether the text binds a name anywhere: no change of the program's, but a fact from its beginning."""
        self.facts["never bound", name] = not any(
            name in each.parsed.text and name in each.parsed.bound_words for each in self.chunks
        )
        self.sought.add(name)

    def bind(self, name: str, value: Value) -> None:
        """Bind a name in the current scope."""
        key = (self.frame.scope, name)
        if name in self.frame.outer_names:
            key = (self._scope_of(name), name)
        else:
            self.frame.bound.add(key)
        self.set_name(key, value)

    def set_name(self, key: Name, value: Value | None) -> None:
        """Bind a name of any scope; None unbinds it."""
        state = self.state
        names, before = state.names, state.trace.names.before
        if key not in before:  # as `Journal.change`
            before[key] = names.get(key)
        if value is not None:
            names[key] = value
        else:
            names.pop(key, None)

    def new_scope(self, parent: int) -> int:
        """A fresh scope inside `parent`."""
        scope = next(self.identities)
        self.scope_parents[scope] = parent
        return scope

    def _scope_of(self, name: str) -> int:
        scope = self.scope_parents[self.frame.scope]
        while scope is not None and scope != MODULE_SCOPE and not self._is_bound((scope, name)):
            scope = self.scope_parents[scope]
        return scope if scope is not None else MODULE_SCOPE

    def _is_bound(self, key: Name) -> bool:
        return self.name_at(key) is not None

    def name_at(self, key: Name) -> Value | None:
        """What a name of any scope stands for; None where nothing bound it."""
        value = self.state.names.get(key)
        self.state.trace.names.ask(key, value)
        return value

    def member(self, cls: Class, name: str) -> Value | None:
        """A member of a class or of a base of this module."""
        found = self.name_at((cls.scope, name))
        if found is not None:
            return found
        of_bases = (self.member(base, name) for base in cls.bases if isinstance(base, Class))
        return next((each for each in of_bases if each is not None), None)

    # -- the heap

    def new_identity(self) -> int:
        """A number that nothing else in this module has."""
        return next(self.identities)

    def allocate(self, thing: HeapObject, place: Place | None) -> Ref:
        """Put a mutable object on the heap."""
        reference = Ref(next(self.identities), place)
        self.replace_object(reference, thing)
        return reference

    def object_of(self, value: Value | None) -> HeapObject | None:
        """What a reference points to; None for any other value."""
        return self.object_at(value.identity) if isinstance(value, Ref) else None

    def object_at(self, identity: int) -> HeapObject | None:
        """What has this identity."""
        state = self.state
        thing = state.heap.get(identity)
        journal = state.trace.heap
        if identity not in journal.before or journal.before[identity] is thing:  # as `Journal.ask`
            journal.asked.add(identity)
        return thing

    def replace_object(self, reference: Ref, thing: HeapObject) -> None:
        """Change an object in place."""
        state = self.state
        state.trace.heap.change(reference.identity, state.heap)
        state.heap[reference.identity] = thing

    def new_list(self, items: Iterable[Value], place: Place | None, *, open: bool = False) -> Ref:
        """A list on the heap."""
        return self.allocate(ListObject(tuple(items), open), place)

    def items_of(self, value: Value | None) -> tuple[Value, ...] | None:
        """The items of a tuple or list that is wholly known; None for anything else."""
        if isinstance(value, Tuple):
            return value.items
        thing = self.object_of(value)
        if isinstance(thing, ListObject) and not thing.open:
            return thing.items
        if isinstance(thing, Created) and thing.kind == NAMED_TUPLE:
            return tuple(thing.attributes.values())
        return None

    def entries_of(self, value: Value | None) -> Mapping[object, Value] | None:
        """The entries of a dict as far as known; None for anything else."""
        thing = self.object_of(value)
        if isinstance(thing, Created) and thing.kind in settings.NAMESPACES:
            return dict[object, Value](thing.attributes.items())
        return thing.entries if isinstance(thing, DictObject) else None

    # -- calls

    def call(self, callee: Value, arguments: Arguments, place: Place) -> Value:
        """The value of `callee(arguments)`."""
        return calls.call(self, callee, arguments, place)

    def snapshot(self, model: Ref) -> Model:
        """A model as it is now, as a graph."""
        return keras_models.snapshot(self, model)

    def call_function(self, function: Function, arguments: Arguments) -> Value:
        """Follow a function with these arguments; `Unknown` where that goes too deep."""
        active = sum(1 for frame in self.frames if frame.function and frame.function.node is function.node)
        if len(self.frames) > MAX_CALL_DEPTH or active > 0:
            self.fact("entered", function.node)  # what this comes to is not for those who ask from elsewhere
            return UNKNOWN
        return functions.run(self, function, arguments)

    def instance(self, value: Value | None) -> Instance | None:
        """The object of a class of this module that a value refers to."""
        thing = self.object_of(value)
        return thing if isinstance(thing, Instance) else None

    def widen(self, names: Sequence[str], counted: Container[str] = ()) -> None:
        """Forget constants that a loop is about to change; those `counted` count from 0."""
        for name in names:
            key = (self.frame.scope, name)
            value = self.state.names.get(key)
            self.state.trace.names.ask(key, value)
            if isinstance(value, (Constant, Tuple)):
                from_zero = name in counted and isinstance(value, Constant) and value.value == 0
                self.set_name(key, Counter(value.place) if from_zero else UNKNOWN)


def _unread(chunk: PlacedChunk, problem: ParseProblem) -> UnreadPart:
    line = chunk.line_of(problem.line)
    return UnreadPart(SourceRange.of(line, 0, line + 1, 0), problem.reason, problem.mend)
