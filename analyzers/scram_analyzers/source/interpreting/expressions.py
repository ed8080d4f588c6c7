"""What each kind of expression is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import libcst as cst

from scram_analyzers.source.data import Data, DataStep, Interval, LabelForm, StepKind
from scram_analyzers.source.graph import Operation, Tensor, as_tensor
from scram_analyzers.source.interpreting import (
    arithmetic,
    attributes,
    calls,
    comprehensions,
    containers,
    pairings,
    subscripts,
)
from scram_analyzers.source.interpreting.state import DictObject, ListObject, join_states, join_values
from scram_analyzers.source.libraries import data_arithmetic, data_operations, mathematics, noise, spans
from scram_analyzers.source.places import Place
from scram_analyzers.source.reading.literals import string_value
from scram_analyzers.source.values import (
    Argument,
    Arguments,
    Choice,
    Class,
    Constant,
    Function,
    Symbol,
    Tuple,
    Unknown,
    Value,
    assumed,
    is_none,
    placed,
    text,
)

if TYPE_CHECKING:
    from scram_analyzers.source.interpreting.interpreter import Interpreter

BUILTIN_NAMES = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "dict",
        "enumerate",
        "exit",
        "float",
        "getattr",
        "hasattr",
        "int",
        "isinstance",
        "len",
        "list",
        "map",
        "max",
        "min",
        "open",
        "print",
        "quit",
        "range",
        "reversed",
        "round",
        "set",
        "setattr",
        "sorted",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
        "filter",
        "property",
        "object",
        "input",
        "vars",
        "iter",
        "next",
    ]
)


def evaluate(interpreter: Interpreter, node: cst.BaseExpression) -> Value:
    """The value of an expression in the current state."""
    interpreter.steps += 1
    if interpreter.steps > interpreter.budget:
        interpreter.stop()
    handler = _EXPRESSIONS.get(type(node))
    if handler is None:
        return Unknown(interpreter.place(node))
    return handler(interpreter, node)


# -- literals


def _name(interpreter: Interpreter, node: cst.Name) -> Value:
    name = node.value
    if name in _LITERALS:
        return Constant(_LITERALS[name], interpreter.place(node))
    return interpreter.lookup(name, node)


_LITERALS = {"True": True, "False": False, "None": None}


def _number(interpreter: Interpreter, node: cst.Integer | cst.Float) -> Value:
    place = interpreter.place(node)
    try:
        value = _literal(node.value)
    except ValueError:  # an integer of more digits than Python converts
        return Unknown(place)
    return Constant(value, place) if arithmetic.worth_keeping(value) else Unknown(place)


def _literal(written: str) -> int | float:
    """A number as written; ten times faster than evaluating it as an expression."""
    if written.isdigit():
        return int(written)
    if written[:2].lower() in ("0x", "0o", "0b"):
        return int(written, 0)
    return float(written) if any(each in written for each in ".eE") else int(written.replace("_", ""))


def _string(interpreter: Interpreter, node: cst.SimpleString | cst.ConcatenatedString) -> Value:
    if (
        isinstance(node, cst.SimpleString)
        and not node.prefix
        and "\\" not in node.value
        and node.value[:3] != node.value[:1] * 3
    ):
        return Constant(node.value[1:-1], interpreter.place(node))
    value = string_value(node)
    return Constant(value, interpreter.place(node)) if value is not None else Unknown(interpreter.place(node))


def _formatted_string(interpreter: Interpreter, node: cst.FormattedString) -> Value:
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            parts.append(part.value)
            continue
        assert isinstance(part, cst.FormattedStringExpression)
        value = evaluate(interpreter, part.expression)
        if not isinstance(value, Constant) or part.format_spec or part.conversion:
            return Unknown(interpreter.place(node))
        parts.append(str(value.value))
    text = "".join(parts)
    return (
        Constant(text, interpreter.place(node)) if arithmetic.worth_keeping(text) else Unknown(interpreter.place(node))
    )


def _tuple(interpreter: Interpreter, node: cst.Tuple) -> Value:
    items, open_ = _elements(interpreter, node.elements)
    return Unknown(interpreter.place(node)) if open_ else Tuple(tuple(items), interpreter.place(node))


def _list(interpreter: Interpreter, node: cst.List | cst.Set) -> Value:
    items, open_ = _elements(interpreter, node.elements)
    return interpreter.new_list(items, interpreter.place(node), open=open_)


def _elements(interpreter: Interpreter, elements: Any) -> tuple[list[Value], bool]:
    items: list[Value] = []
    open_ = False
    for element in elements:
        value = evaluate(interpreter, element.value)
        if isinstance(element, cst.StarredElement):
            inner = interpreter.items_of(value)
            spread = inner if inner is not None and len(items) + len(inner) <= containers.MAX_ITEMS else None
            items.extend(spread or ())
            open_ = open_ or spread is None
        else:
            items.append(value)
    return items, open_


def _dict(interpreter: Interpreter, node: cst.Dict) -> Value:
    entries: dict[object, Value] = {}
    open_ = False
    for element in node.elements:
        value = evaluate(interpreter, element.value)
        if isinstance(element, cst.StarredDictElement):
            inner = interpreter.entries_of(value)
            entries.update(inner or {})
            open_ = open_ or inner is None
            continue
        assert isinstance(element, cst.DictElement)
        key = evaluate(interpreter, element.key)
        if isinstance(key, Constant):
            entries[key.value] = value
        else:
            open_ = True
    return interpreter.allocate(DictObject(entries, open_), interpreter.place(node))


# -- operators


def _binary(interpreter: Interpreter, node: cst.BinaryOperation) -> Value:
    left = evaluate(interpreter, node.left)
    right = evaluate(interpreter, node.right)
    return operate(interpreter, type(node.operator).__name__, left, right, interpreter.place(node))


def operate(interpreter: Interpreter, operator: str, left: Value, right: Value, place: Place) -> Value:
    """`left <operator> right` for any values. `operator` is libcst's class name ("Divide")."""
    left, right = mathematics.known_number(left), mathematics.known_number(right)
    if isinstance(left, Constant) and isinstance(right, Constant):
        return placed(arithmetic.binary(operator, left, right), place)
    left, right = as_tensor(left), as_tensor(right)
    pairings.note(interpreter, operator, left, right, place)
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        inputs = tuple(each for each in (left, right) if isinstance(each, Tensor))
        others = tuple(Argument(each, place) for each in (left, right) if not isinstance(each, Tensor))
        return Tensor(Operation(f"operator.{operator}", Arguments(others)), inputs, place)
    left_data, right_data = data_operations.as_data(left), data_operations.as_data(right)
    if left_data is not None or right_data is not None:
        return data_arithmetic.operate(operator, left_data or left, right_data or right, place)
    counted = spans.operate(operator, left, right, place)
    if counted is not None:
        return counted
    if noise.is_drawn(left, right):
        return noise.Drawn(place)
    if operator == "BitOr" and (both := containers.merged(interpreter, left, right, place)) is not None:
        return both
    if operator == "Add":
        return containers.concatenated(interpreter, left, right, place)
    return containers.repeated(interpreter, left, right, place) if operator == "Multiply" else Unknown(place)


def _unary(interpreter: Interpreter, node: cst.UnaryOperation) -> Value:
    operand = evaluate(interpreter, node.expression)
    place = interpreter.place(node)
    if isinstance(node.operator, cst.Not):
        held = truth(interpreter, operand)
        return Unknown(place) if held is None else Constant(not held, place)
    if isinstance(operand, Constant):
        return placed(arithmetic.unary(type(node.operator).__name__, operand), place)
    if isinstance(node.operator, cst.Minus) and (negated := spans.negated(operand, place)) is not None:
        return negated
    if isinstance(operand, Tensor):
        return Tensor(Operation(f"operator.{type(node.operator).__name__}", Arguments()), (operand,), place)
    if isinstance(node.operator, cst.BitInvert) and isinstance(operand, Data):
        return operand.after(DataStep(StepKind.OTHER, "BitInvert", place))  # `~mask` is a mask as well
    return Unknown(place)


def _boolean(interpreter: Interpreter, node: cst.BooleanOperation) -> Value:
    left = evaluate(interpreter, node.left)
    held = truth(interpreter, left)
    wants = isinstance(node.operator, cst.And)
    if held is not None and held is not wants:
        return left
    right = evaluate(interpreter, node.right)
    if held is not None:
        return right
    if is_none(left) and not wants:  # `given or default`, where nothing is given unless a caller does
        return assumed(right)
    return Unknown(interpreter.place(node))


def _comparison(interpreter: Interpreter, node: cst.Comparison) -> Value:
    left = evaluate(interpreter, node.left)
    place = interpreter.place(node)
    if len(node.comparisons) != 1:
        for target in node.comparisons:
            evaluate(interpreter, target.comparator)
        return Unknown(place)
    operator = node.comparisons[0].operator
    right = evaluate(interpreter, node.comparisons[0].comparator)
    if isinstance(operator, (cst.Is, cst.IsNot)):
        same = _identical(left, right)
        return Unknown(place) if same is None else Constant(same is isinstance(operator, cst.Is), place)
    pairings.note(interpreter, type(operator).__name__, left, right, place)
    if isinstance(operator, cst.Equal) and (rows := data_arithmetic.marked(left, right, place)) is not None:
        return rows
    data = data_operations.as_data(left) or data_operations.as_data(right)
    if data is not None and not isinstance(operator, (cst.In, cst.NotIn)):
        return data_arithmetic.compare(data, place, right if data is left else left)
    if isinstance(left, Constant) and isinstance(right, Constant) and not (left.assumed or right.assumed):
        result = arithmetic.compare(type(operator).__name__, left, right)
        return Unknown(place) if result is None else Constant(result, place)
    named = _among_names(interpreter, (left, right), place) if isinstance(operator, cst.Equal) else None
    return named or Unknown(place)


def _among_names(interpreter: Interpreter, sides: tuple[Value, Value], place: Place) -> Data | None:
    """`folder == ["cats", "dogs", "owls"]`: which of these names it is, true for one of them."""
    for one, other in (sides, sides[::-1]):
        names = [text(item) for item in interpreter.items_of(one) or ()]
        if isinstance(other, Unknown) and len(names) > 1 and None not in names:
            return Data(
                "names", place, range=Interval(0, 1), dtype="bool", labels=LabelForm.ONE_HOT, classes=len(names)
            )
    return None


def _identical(left: Value, right: Value) -> bool | None:
    if not (isinstance(right, Constant) and right.value is None):
        return None
    if isinstance(left, Constant):
        return None if left.assumed else left.value is None
    return None if isinstance(left, (Unknown, Choice)) else False


def _conditional(interpreter: Interpreter, node: cst.IfExp) -> Value:
    held = truth(interpreter, evaluate(interpreter, node.test))
    if held is not None:
        return evaluate(interpreter, node.body if held else node.orelse)
    other = interpreter.state.fork()
    first = evaluate(interpreter, node.body)
    after = interpreter.state
    interpreter.state = other
    second = evaluate(interpreter, node.orelse)
    interpreter.state = join_states(after, interpreter.state)
    return placed(join_values(first, second), interpreter.place(node))


def truth(interpreter: Interpreter, value: Value) -> bool | None:
    """Whether a value counts as true; None when it can't be told."""
    if isinstance(value, Constant):
        return None if value.assumed else bool(value.value)
    if isinstance(value, Tuple):
        return bool(value.items)
    thing = interpreter.object_of(value)
    if isinstance(thing, ListObject):
        return None if thing.open else bool(thing.items)
    if isinstance(thing, DictObject):
        return None if thing.open else bool(thing.entries)
    if thing is not None or isinstance(value, (Function, Class)):
        return True
    return None


# -- names with dots, items, calls


def _attribute(interpreter: Interpreter, node: cst.Attribute) -> Value:
    owner = evaluate(interpreter, node.value)
    if isinstance(owner, Symbol):  # by far the most frequent case, and one that needs no place
        return attributes.of_symbol(interpreter, owner, node.attr.value)
    return attributes.get_attribute(interpreter, owner, node.attr.value, interpreter.place(node))


def _subscript(interpreter: Interpreter, node: cst.Subscript) -> Value:
    return subscripts.get_item(interpreter, node)


def set_item(interpreter: Interpreter, node: cst.Subscript, value: Value) -> None:
    """`owner[...] = value`."""
    subscripts.set_item(interpreter, node, value)


def _call(interpreter: Interpreter, node: cst.Call) -> Value:
    callee = evaluate(interpreter, node.func)
    return calls.call(interpreter, callee, arguments_of(interpreter, node), interpreter.place(node))


def arguments_of(interpreter: Interpreter, node: cst.Call) -> Arguments:
    """What a call hands over."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    open_ = False
    for argument in node.args:
        value = evaluate(interpreter, argument.value)
        place = interpreter.place(argument.value)
        if argument.star == "*":
            items = interpreter.items_of(value)
            positional.extend(Argument(item, place) for item in items or ())
            open_ = open_ or items is None
        elif argument.star == "**":
            entries = interpreter.entries_of(value)
            open_ = open_ or entries is None
            keywords.update(
                {str(key): Argument(item, item.place or place, str(key)) for key, item in (entries or {}).items()}
            )
        elif argument.keyword is not None:
            keywords[argument.keyword.value] = Argument(value, place, argument.keyword.value)
        else:
            positional.append(Argument(value, place))
    return Arguments(tuple(positional), keywords, open_)


def _lambda(interpreter: Interpreter, node: cst.Lambda) -> Value:
    assert interpreter.section is not None
    defaults = interpreter.parameter_defaults(node.params)
    scope = interpreter.frame.scope
    interpreter.frame.encloses = True
    return Function(node, interpreter.section, scope, defaults, "<lambda>", place=interpreter.place(node))


def _walrus(interpreter: Interpreter, node: cst.NamedExpr) -> Value:
    value = evaluate(interpreter, node.value)
    if isinstance(node.target, cst.Name):
        interpreter.bind(node.target.value, value)
    return value


def _inner(interpreter: Interpreter, node: cst.Await) -> Value:
    return evaluate(interpreter, node.expression)


def _yield(interpreter: Interpreter, node: cst.Yield) -> Value:
    if isinstance(node.value, cst.From):
        interpreter.frame.yields.append(evaluate(interpreter, node.value.item))
    elif node.value is not None:
        interpreter.frame.yields.append(evaluate(interpreter, node.value))
    return Unknown(interpreter.place(node))


_EXPRESSIONS: Mapping[type[cst.CSTNode], Callable[[Interpreter, Any], Value]] = {
    cst.Name: _name,
    cst.Integer: _number,
    cst.Float: _number,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _string,
    cst.FormattedString: _formatted_string,
    cst.Tuple: _tuple,
    cst.List: _list,
    cst.Set: _list,
    cst.Dict: _dict,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.Call: _call,
    cst.Lambda: _lambda,
    cst.NamedExpr: _walrus,
    cst.Await: _inner,
    cst.Yield: _yield,
    cst.ListComp: comprehensions.as_list,
    cst.SetComp: comprehensions.as_list,
    cst.GeneratorExp: comprehensions.as_list,
    cst.DictComp: comprehensions.as_dict,
}
"""A dict as it is: one that can only be read takes three times as long to ask, and this is asked most of all."""
