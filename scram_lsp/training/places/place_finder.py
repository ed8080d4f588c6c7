"""From what a finding speaks of to its text: recorded places first, the script's `Program` where there are none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import CodeType

from scram_analyzers.findings import CodePlace, Finding, RelatedPlace, SourceRange
from scram_analyzers.rules.registry import RuleSet
from scram_analyzers.run.records import RunInfo, Subject, SubjectKind
from scram_analyzers.source.locate import locate
from scram_analyzers.source.program import Optimizer, Program
from scram_analyzers.source.reading.text import lines_of
from scram_lsp.training.places.call_arguments import Parameter, argument_range
from scram_lsp.training.places.call_points import CallPoint
from scram_lsp.training.places.recorded_places import Chain, RecordedPlaces
from scram_lsp.training.places.script_text import CodeFile, ScriptText, read_code_file

_INPUTS = Parameter(("x",), 0)
_TARGETS = Parameter(("y",), 1)
_OF_FIT = {
    SubjectKind.BATCH_SIZE: (Parameter(("batch_size",), 2),),
    SubjectKind.EPOCHS: (Parameter(("epochs",), 3),),
    SubjectKind.VALIDATION: (Parameter(("validation_data",), 7), Parameter(("validation_split",), 6)),
}
_OF_BATCHES = (SubjectKind.INPUTS, SubjectKind.TARGETS)
_OWN_METHODS = (SubjectKind.CALL, SubjectKind.TRAIN_STEP, SubjectKind.CLIPPING, SubjectKind.TEST_STEP)
_RATE = Parameter(("learning_rate", "lr"), 0)
_COMPILED_OPTIMIZER = Parameter(("optimizer",), 0, "compile")
_COMPILED_LOSS = Parameter(("loss",), 1, "compile")

CALLED_FROM = "called from here"
MADE_HERE = "made here"


class PlaceFinder:
    """Finds the parts of one run in the texts of its files, each of which is analyzed only when needed."""

    def __init__(self, places: RecordedPlaces, rules: RuleSet) -> None:
        self._places = places
        self._rules = rules
        self._files = dict(places.files)
        self._texts: dict[str, ScriptText] = {}

    @property
    def script(self) -> ScriptText:
        """The file that called fit."""
        return self._text(self._places.code_name)

    def find(self, subject: Subject, info: RunInfo) -> CodePlace | None:
        """The place of a part of the program; None when it is not known."""
        return self._at_line(subject) or self._recorded(subject, info) or self._mapped(subject, info)

    def find_question(self, chain: Chain, subject: Subject) -> CodePlace | None:
        """The data in the call that asks a trained model, else the call."""
        return self._argument(chain, _INPUTS) or self._place(chain)

    def text_of(self, finding: Finding) -> ScriptText:
        """The text that a finding stands in."""
        shown = (finding.filename, finding.cell)
        names = (name for name, file in self._files.items() if (file.filename, file.cell) == shown)
        return self._text(next(names, finding.filename))

    def _at_line(self, subject: Subject) -> CodePlace | None:
        """The line that is known, and where the layer or model that runs it was made."""
        if subject.line is None:
            return None
        file = self._file(subject.line.file)
        place = _line_range(file.text, subject.line.line)
        made = self._place(self._places.layers.get(subject.layer, ()) if subject.layer else self._places.model)
        if place is None:
            return None
        related = () if made is None else (RelatedPlace(MADE_HERE, made.filename, made.range, made.cell),)
        return CodePlace(file.filename, place, file.cell, related)

    def _recorded(self, subject: Subject, info: RunInfo) -> CodePlace | None:
        places, kind = self._places, subject.kind
        if info.is_on_batches and kind in _OF_FIT:
            return self._place(places.fit)
        if info.is_own_loop and not info.is_on_batches and kind in (*_OF_FIT, *_OF_BATCHES):
            return self._mapped(subject, info) or self._place(places.fit)
        if kind is SubjectKind.LAYER:
            return self._place(places.layers.get(subject.layer or "", ()))
        if kind is SubjectKind.LEARNING_RATE:
            return self._learning_rate(info)
        if kind is SubjectKind.SCHEDULE:
            is_made = info.optimizer is None or info.optimizer.schedule is not None  # else a callback sets the rate
            return (self._schedule(info) if is_made else self._mapped(subject, info)) or self._learning_rate(info)
        if kind in _OWN_METHODS:
            return self._mapped(subject, info) or (self._place(places.fit) if info.is_overheard else None)
        if kind is SubjectKind.OPTIMIZER:
            return self._argument(places.optimizer, _COMPILED_OPTIMIZER) or self._place(places.optimizer)
        if kind is SubjectKind.LOSS:
            return self._place(places.loss) or self._argument(places.compile, _COMPILED_LOSS)
        if kind is SubjectKind.VOCABULARY:
            return self._mapped(subject, info) or self._batches(SubjectKind.INPUTS, info)
        if kind in _OF_BATCHES:
            return self._batches(kind, info)
        for parameter in _OF_FIT.get(kind, ()):
            if (found := self._argument(places.fit, parameter)) is not None:
                return found
        if kind is SubjectKind.BATCH_SIZE:
            return self._mapped(subject, info)  # the dataset that feeds fit may have a size of its own
        return self._place(places.model if kind is SubjectKind.MODEL else places.fit)

    def _batches(self, kind: SubjectKind, info: RunInfo) -> CodePlace | None:
        """The argument that brings the inputs or targets, else the call of a step of the user's own loop."""
        chain = self._places.fit
        targets = self._argument(chain, _TARGETS) if kind is SubjectKind.TARGETS else None
        found = targets or self._argument(chain, _INPUTS)
        return found or (self._place(chain) if info.is_on_batches else None)

    def _learning_rate(self, info: RunInfo) -> CodePlace | None:
        """The number itself where the program tells where it is written, else the argument that brings it."""
        chain = self._places.optimizer
        if not chain:
            return None
        program, optimizer = self._program_and_optimizer(info)
        written = optimizer.learning_rate.place if optimizer is not None else None
        if program is not None and written is not None and not written.text.isidentifier():
            return self._place(chain, program.range_of(written))
        return self._argument(chain, _COMPILED_OPTIMIZER) or self._given(chain, _RATE) or self._place(chain)

    def _schedule(self, info: RunInfo) -> CodePlace | None:
        """Where the schedule is made that decides the learning rate."""
        program, optimizer = self._program_and_optimizer(info)
        made = optimizer.learning_rate.schedule_place if optimizer is not None else None
        return self._place(self._places.optimizer, program.range_of(made)) if program is not None and made else None

    def _program_and_optimizer(self, info: RunInfo) -> tuple[Program | None, Optimizer | None]:
        """The file that makes the optimizer of this run, and that optimizer in it."""
        chain = self._places.optimizer
        program = self._text(chain[0].filename).analysis.program if chain else None
        rate = info.optimizer.learning_rate if info.optimizer is not None else None
        return program, _optimizer_at(program, chain[0].range, rate) if program is not None else None

    def _mapped(self, subject: Subject, info: RunInfo) -> CodePlace | None:
        program, file = self.script.analysis.program, self.script.file
        place = locate(program, subject, info) if program is not None else None
        if program is None or place is None:
            return None
        return CodePlace(file.filename, program.range_of(place), file.cell)

    def _argument(self, chain: Chain, parameter: Parameter) -> CodePlace | None:
        if not chain:
            return None
        place = argument_range(self._file(chain[0].filename).text, chain[0].range, parameter)
        return self._place(chain, place) if place is not None else None

    def _given(self, chain: Chain, parameter: Parameter) -> CodePlace | None:
        """The argument; one that only hands on a parameter of its function is looked for in the call of that."""
        found = self._argument(chain, parameter)
        name = _text_at(self._file(chain[0].filename).text, found.range) if found is not None else ""
        outer = _parameter(chain[0].code, name)
        return (self._given(chain[1:], outer) if outer is not None and len(chain) > 1 else None) or found

    def _place(self, chain: Chain, place: SourceRange | None = None) -> CodePlace | None:
        """The innermost call of a chain, or `place` in its file."""
        if not chain or (place is None and not chain[0].is_exact):
            return None
        file = self._file(chain[0].filename)
        return CodePlace(file.filename, place or chain[0].range, file.cell, tuple(self._related(chain)))

    def _related(self, chain: Chain) -> Iterator[RelatedPlace]:
        """The calls that led there, where the place alone does not tell: in another file, or for several things."""
        script = self._places.code_name
        others = (other for other in self._places.layers.values() if other and other[0] == chain[0])
        if chain[0].filename == script and all(other == chain for other in others):
            return
        for inner, outer in itertools.pairwise(chain):
            if not _is_written_inside(inner):
                file = self._file(outer.filename)
                yield RelatedPlace(CALLED_FROM, file.filename, outer.range, file.cell)
                if outer.filename == script:
                    return

    def _file(self, name: str) -> CodeFile:
        if name not in self._files:
            self._files[name] = read_code_file(name)
        return self._files[name]

    def _text(self, name: str) -> ScriptText:
        if name not in self._texts:
            file = self._file(name)
            self._texts[name] = ScriptText(file, self._rules)
        return self._texts[name]


def _optimizer_at(program: Program, place: SourceRange, rate: float | None) -> Optimizer | None:
    """The optimizer that is made at `place`; of several (a helper called twice) the one with the rate of the run."""
    there = [each for each in program.optimizers if place.contains(program.range_of(each.place))]
    fitting = [each for each in there if each.learning_rate.value == rate]
    return next(iter(fitting or there), None)


def _line_range(text: str, number: int) -> SourceRange | None:
    """What is written in a line; None where there is nothing."""
    line = "".join(lines_of(text)[number - 1 : number])
    begin = len(line) - len(line.lstrip())
    return SourceRange.of(number, begin, number, len(line.rstrip())) if line.strip() else None


def _text_at(text: str, place: SourceRange) -> str:
    """The text of a stretch within one line; empty for any other."""
    line = lines_of(text)[place.start.line - 1]
    return line[place.start.column : place.end.column] if place.start.line == place.end.line else ""


def _is_written_inside(point: CallPoint) -> bool:
    """Whether the call around is only Python's own way to run this one, as in a comprehension."""
    return point.code.co_name.startswith("<") and point.code.co_name != "<module>"


def _parameter(code: CodeType, name: str) -> Parameter | None:
    """The parameter called `name` of the function that `code` is of, as its callers give it."""
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if name not in parameters:
        return None
    is_method = parameters[0] in ("self", "cls")
    return Parameter((name,), parameters.index(name) - is_method)
