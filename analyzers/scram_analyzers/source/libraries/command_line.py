"""argparse: what a script's options are when nobody passes any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting.state import Created
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Constant, Ref, Symbol, Tuple, Unknown, Value, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

PARSER = "argparse.ArgumentParser"
NAMESPACE = "argparse.Namespace"

_GROUPS = frozenset(("add_argument_group", "add_mutually_exclusive_group"))
_SWITCHES = {"store_true": False, "store_false": True}
_CONVERSIONS = {"builtins.float": float, "builtins.int": int}


def call_method(
    interpreter: Interpreter, owner: Ref, parser: Created, name: str, arguments: Arguments, place: Place
) -> Value:
    """A method of a parser. Its groups stand for the parser itself: their options end in one namespace."""
    if name in _GROUPS:
        return owner
    if name not in ("parse_args", "parse_known_args"):
        return Unknown(place)
    namespace = interpreter.allocate(Created(NAMESPACE, Arguments(), place, _defaults(parser)), place)
    return namespace if name == "parse_args" else Tuple((namespace, Unknown(place)), place)


def _defaults(parser: Created) -> dict[str, Value]:
    """The options of a parser with their defaults, assumed: the command line may override each."""
    values: dict[str, Value] = {}
    for called in parser.log:
        name = destination(called.arguments) if called.method == "add_argument" else None
        if name is not None:
            values[name] = default(called.arguments)
    return values


def destination(arguments: Arguments) -> str | None:
    """The attribute that an option becomes: its `dest`, else its first long name, else its first name."""
    given = arguments.value("dest")
    if given is not None:
        return text(given)
    names = [text(each.value) for each in arguments.positional]
    flags = [name for name in names if name]
    if len(flags) > 1 and flags[-1].isidentifier():
        return flags[-1]  # of click: `@option("-r", "rate")`
    best = next((name for name in flags if name.startswith("--")), flags[0] if flags else None)
    return best.lstrip("-").replace("-", "_") if best else None


def default(arguments: Arguments) -> Value:
    """What an option stands for when nobody passes it, assumed."""
    default = arguments.value("default")
    action = text(arguments.value("action"))
    if default is None:
        return Constant(_SWITCHES[action], assumed=True) if action in _SWITCHES else Unknown()
    if not isinstance(default, Constant):
        return default
    kind = arguments.value("type")
    convert = _CONVERSIONS.get(kind.name) if isinstance(kind, Symbol) else None
    if convert is None or not isinstance(default.value, str):
        return replace(default, assumed=True)
    try:
        return replace(default, value=convert(default.value), assumed=True)
    except ValueError:
        return Unknown(default.place)
