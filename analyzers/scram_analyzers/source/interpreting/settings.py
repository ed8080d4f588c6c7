"""Settings as people keep them beside Python's own dicts and classes: namespaces, named tuples, flags, tracked runs."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from scram_analyzers.source.interpreting import containers
from scram_analyzers.source.interpreting.attributes import set_attribute
from scram_analyzers.source.interpreting.state import NAMED_TUPLE, Created, DictObject
from scram_analyzers.source.places import Place
from scram_analyzers.source.values import Arguments, Constant, Ref, Symbol, Unknown, Value, assumed, text

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

Maker = Callable[["Interpreter", str, Arguments, Place], "Value | None"]

MAKING_TUPLES = "collections.namedtuple"

NAMESPACES = frozenset(
    (
        "types.SimpleNamespace",
        "argparse.Namespace",
        "easydict.EasyDict",
        "ml_collections.ConfigDict",
        "ml_collections.config_dict.ConfigDict",
        "munch.Munch",
        "box.Box",
        "addict.Dict",
        "dotmap.DotMap",
        "omegaconf.OmegaConf.create",
    )
)
"""Objects that hold settings as attributes; most of them as items, too."""

_RUN = "wandb.run"

_FLAGS = (
    "DEFINE_float",
    "DEFINE_integer",
    "DEFINE_string",
    "DEFINE_bool",
    "DEFINE_boolean",
    "DEFINE_enum",
)

_FLAG_MODULES = ("absl.flags", "tensorflow.flags", "tensorflow.app.flags", "tensorflow.compat.v1.flags")

MAX_DEPTH = 4
"""How deep dicts within dicts become namespaces within namespaces."""


def _namespace(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """An object of the settings that a call names, or those of the dict that it is given."""
    entries = interpreter.entries_of(arguments.positional[0].value) if arguments.positional else {}
    if arguments.open or entries is None:
        return None
    given = {str(key): value for key, value in entries.items()}
    given.update({key: argument.value for key, argument in arguments.keywords.items()})
    return _holding(interpreter, name, given, place)


def _holding(interpreter: Interpreter, kind: str, entries: Mapping[str, Value], place: Place, depth: int = 0) -> Ref:
    held = dict(entries)
    for name, value in entries.items():
        inner = interpreter.object_of(value)
        if isinstance(inner, DictObject) and not inner.open and depth < MAX_DEPTH:
            within = {str(key): each for key, each in inner.entries.items()}
            held[name] = _holding(interpreter, kind, within, place, depth + 1)
    return interpreter.allocate(Created(kind, Arguments(), place, held), place)


def item(thing: Created, key: Value, place: Place) -> Value:
    """`settings["name"]`."""
    name = text(key)
    return thing.attributes.get(name, Unknown(place)) if name is not None else Unknown(place)


_OF_DICTS = frozenset(("copy", "get", "items", "keys", "pop", "setdefault", "values"))
"""Methods of a dict that such objects have as well, where no setting goes by that name."""


def call_method(
    interpreter: Interpreter, owner: Ref, thing: Created, name: str, arguments: Arguments, place: Place
) -> Value:
    """A method that such an object has of a dict."""
    if name == "update":
        given = interpreter.entries_of(arguments.positional[0].value) if arguments.positional else {}
        added = {str(key): value for key, value in (given or {}).items()}
        added |= {each: argument.value for each, argument in arguments.keywords.items()}
        interpreter.replace_object(owner, replace(thing, attributes={**thing.attributes, **added}))
        return Constant(None, place)
    if name not in _OF_DICTS:
        return Unknown(place)
    held = dict[object, Value](thing.attributes.items())
    value = containers.dict_method(interpreter, owner, DictObject(held), name, arguments, place)
    left = interpreter.object_of(owner)
    if isinstance(left, DictObject):  # `pop` and `setdefault` leave others
        attributes = {str(key): each for key, each in left.entries.items()}
        interpreter.replace_object(owner, replace(thing, attributes=attributes))
    return value


# -- named tuples


def _named_tuple(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    return interpreter.allocate(Created(MAKING_TUPLES, arguments, place), place)


def of_fields(interpreter: Interpreter, made: Created, arguments: Arguments, place: Place) -> Value:
    """A tuple of the class that `namedtuple` made: its fields by their names."""
    fields = _fields(interpreter, made.arguments.value("field_names", 1))
    if arguments.open or not fields:
        return Unknown(place)
    named = arguments.named(fields, {})
    defaults = interpreter.items_of(made.arguments.value("defaults")) or ()
    given: dict[str, Value] = dict(zip(fields[len(fields) - len(defaults) :], defaults, strict=False))
    given |= {name: argument.value for name, argument in named.keywords.items()}
    held = {name: given.get(name, Unknown(place)) for name in fields}  # in their order, however they were given
    return interpreter.allocate(Created(NAMED_TUPLE, arguments, place, held), place)


def _fields(interpreter: Interpreter, names: Value | None) -> tuple[str, ...]:
    listed = text(names)
    if listed is not None:
        return tuple(listed.replace(",", " ").split())
    items = [text(each) for each in interpreter.items_of(names) or ()]
    return tuple(each for each in items if each) if all(items) else ()


# -- flags and options


def _flag(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> None:
    """`flags.DEFINE_float("rate", 0.001, ...)`: an attribute of `flags.FLAGS`, which the command line may set."""
    flag, default = text(arguments.value("name", 0)), arguments.value("default", 1)
    if flag is not None and default is not None:
        flags = Symbol(f"{name.rpartition('.')[0]}.FLAGS")
        set_attribute(interpreter, flags, flag, assumed(default), place)


def _default(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`typer.Option(0.001)`, `field(default=0.001)`: what stands where nobody says otherwise."""
    default, made = arguments.value("default", 0), arguments.value("default_factory")
    if made is not None:
        return interpreter.call(made, Arguments(), place)
    return assumed(default) if default is not None else Unknown(place)


def is_option(decorator: Value) -> bool:
    """Whether a decorator adds an option to a command: `@click.option(...)`."""
    return isinstance(decorator, Symbol) and decorator.name in ("click.option", "rich_click.option")


# -- runs that are tracked


def _tracked_run(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value:
    """`wandb.init(config={...})`: the run's settings, which the module holds as well; a sweep may set others."""
    entries = interpreter.entries_of(arguments.value("config")) or {}
    given = {str(key): assumed(value) for key, value in entries.items()}
    config = _holding(interpreter, "types.SimpleNamespace", given, place)
    if entries:
        set_attribute(interpreter, Symbol("wandb"), "config", config, place)
    return interpreter.allocate(Created(_RUN, arguments, place, {"config": config}), place)


def _written(interpreter: Interpreter, name: str, arguments: Arguments, place: Place) -> Value | None:
    """Settings that the program holds as a text: `json.loads(...)`."""
    read = json.loads if name == "json.loads" else ast.literal_eval
    written = text(arguments.value("s", 0) or arguments.value("node_or_string"))
    if written is None or len(written) > MAX_WRITTEN:
        return None
    try:
        return _value_of(interpreter, read(written), place)
    except (ValueError, SyntaxError, RecursionError):  # what the program itself would fail on
        return None


MAX_WRITTEN = 20_000
"""How long a text may be that is read: far more than settings take."""


def _value_of(interpreter: Interpreter, thing: object, place: Place) -> Value:
    if isinstance(thing, dict):
        entries = {key: _value_of(interpreter, each, place) for key, each in thing.items()}
        return interpreter.allocate(DictObject(entries), place)
    if isinstance(thing, list | tuple):
        return interpreter.new_list([_value_of(interpreter, each, place) for each in thing], place)
    known = thing is None or isinstance(thing, int | float | str | bool)
    return Constant(thing) if known else Unknown(place)  # type: ignore[arg-type]  # a scalar


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        **dict.fromkeys(NAMESPACES, _namespace),
        **{f"{module}.{define}": _flag for module in _FLAG_MODULES for define in _FLAGS},
        **dict.fromkeys(("typer.Option", "typer.Argument", "dataclasses.field", "pydantic.Field"), _default),
        **dict.fromkeys(("json.loads", "ast.literal_eval"), _written),
        MAKING_TUPLES: _named_tuple,
        "wandb.init": _tracked_run,
    }
)
"""What makes of a call by its canonical name."""
