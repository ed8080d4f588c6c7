"""Training loops of a program's own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from program import Edit, Kinds, Mutant, Program, last_name


def loss_outside_tape(program: Program) -> Iterator[Mutant]:
    """The loss is worked out when the tape has stopped."""
    for tape in _tapes(program):
        last = tape.body[-1]
        start, _ = program.span(last)
        line = program.data.rindex(b"\n", 0, start) + 1
        one_line = isinstance(last, ast.Assign) and last.lineno == last.end_lineno
        if len(tape.body) > 1 and len(tape.items) == 1 and one_line and not program.data[line:start].strip():
            yield program.mutant(Edit(start - last.col_offset + tape.col_offset, start, ""), at=(last, tape))


def paired_in_reverse(program: Program) -> Iterator[Mutant]:
    """Weights stand where the gradients belong."""
    for call in program.calls("apply_gradients"):
        pairs = next(iter(call.args), None)
        if isinstance(pairs, ast.Call) and last_name(pairs.func) == "zip" and len(pairs.args) == 2:
            first, second = pairs.args
            edits = program.replaced(first, program.source(second)), program.replaced(second, program.source(first))
            yield program.mutant(*edits, at=(call,))


def gradients_not_applied(program: Program) -> Iterator[Mutant]:
    """Nothing takes the gradients."""
    found = list(program.calls("apply_gradients"))
    for call in found if len(found) == 1 else ():
        if isinstance(program.parents[call], ast.Expr):
            at: list[ast.expr | ast.stmt] = [*program.calls("gradient"), *_tapes(program)]
            yield program.mutant(program.replaced(call, "pass"), at=tuple(at))


def loss_made_large(program: Program) -> Iterator[Mutant]:
    """The loss gets a minus."""
    for call in program.calls("gradient"):
        if len(call.args) == 2 and isinstance(call.args[0], ast.Name) and list(program.calls("apply_gradients")):
            yield program.mutant(program.replaced(call.args[0], f"-{call.args[0].id}"), at=(call,))


def _tapes(program: Program) -> list[ast.With]:
    found = [node for node in program.nodes if isinstance(node, ast.With)]
    return [node for node in found if "GradientTape" in program.source(node.items[0].context_expr)]


KINDS: Kinds = {
    "loss outside the tape": loss_outside_tape,
    "paired in reverse": paired_in_reverse,
    "gradients not applied": gradients_not_applied,
    "loss made large": loss_made_large,
}
