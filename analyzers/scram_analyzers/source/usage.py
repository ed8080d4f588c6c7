"""Whether a module reads a name that it binds."""

from __future__ import annotations

import libcst as cst

from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import parents, search


def bound_to(above: list[cst.CSTNode]) -> str | None:
    """The name that an expression, or the list it stands in, is bound to; `above` is what it stands in."""
    for node in above:
        if isinstance(node, cst.Assign):
            target = node.targets[0].target
            return target.value if len(node.targets) == 1 and isinstance(target, cst.Name) else None
        if not isinstance(node, (cst.Element, cst.List)):
            return None
    return None


def is_read(program: Program, name: str, depth: int = 0) -> bool:
    """Whether anything reads the name, other than a list that nobody reads."""
    for node, place in search.found(program, cst.Name, name):
        if node.value != name:
            continue
        above = parents.ancestors(place)
        if above and (isinstance(above[0], cst.AssignTarget) or _is_only_a_word(above[0], node)):
            continue
        listed = bound_to(above) if above and isinstance(above[0], cst.Element) else None
        if listed is not None and depth == 0 and not is_read(program, listed, depth + 1):
            continue
        return True
    return False


def _is_only_a_word(around: cst.CSTNode, node: cst.Name) -> bool:
    """A keyword (`callbacks=`) or an attribute (`keras.callbacks`) of the same name."""
    if isinstance(around, cst.Arg):
        return around.keyword is node
    return isinstance(around, cst.Attribute) and around.attr is node
