"""The messages on the local socket: one JSON object a line, checked on arrival, bounded in size.

Both sides build these values and never a dictionary, so a message that exists is a valid one. A key that is
not known is passed over: a newer peer of the same protocol version may say more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias, TypeVar

import attrs

PROTOCOL = 1
"""The version of the protocol; a peer of another version is refused."""

MAX_LINE_BYTES = 256 * 1024
"""The longest message, with its newline."""

MAX_NAME_LENGTH = 4096
"""The longest text (a path, a run's id) in a message, in code points."""


class MessageError(ValueError):
    """A line is not a message of this protocol; the text says why."""


def _text(instance: Any, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_LENGTH:
        raise MessageError(f"{attribute.name!r} must be a text of 1 to {MAX_NAME_LENGTH} characters")


def _text_or_nothing(instance: Any, attribute: attrs.Attribute[str], value: object) -> None:
    if value != "":
        _text(instance, attribute, value)


def _count(instance: Any, attribute: attrs.Attribute[int], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise MessageError(f"{attribute.name!r} must be a whole number that is not negative")


def _positive(instance: Any, attribute: attrs.Attribute[int], value: object) -> None:
    _count(instance, attribute, value)
    if value == 0:
        raise MessageError(f"{attribute.name!r} must be 1 or more")


def _object(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise MessageError(f"{attribute.name!r} must be a JSON object")


def _status(instance: Any, attribute: attrs.Attribute[str], value: object) -> None:
    if value not in ("finished", "failed"):
        raise MessageError(f"{attribute.name!r} must be 'finished' or 'failed'")


def _flag(instance: Any, attribute: attrs.Attribute[bool], value: object) -> None:
    if not isinstance(value, bool):
        raise MessageError(f"{attribute.name!r} must be true or false")


def _number(instance: Any, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise MessageError(f"{attribute.name!r} must be a number or null")


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: such a loss is sent as null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


@attrs.frozen(kw_only=True)
class Hello:
    """A run introduces itself. `script` is an absolute path, `started` ISO 8601 with the time zone.

    `digest` is that of the script's text that runs (`store.digest`), so that the server finds the text that the
    findings speak of; empty when the run can't tell, and any other text when it is known not to be on disk.
    `can_stop` says that it ends its training when it hears `Stop`; a run that does not say so is never sent that.
    """

    TYPE: ClassVar[str] = "hello"
    token: str = attrs.field(validator=_text, repr=False)
    run: str = attrs.field(validator=_text)
    script: str = attrs.field(validator=_text)
    started: str = attrs.field(validator=_text)
    pid: int = attrs.field(validator=_positive)
    digest: str = attrs.field(default="", validator=_text_or_nothing)
    can_stop: bool = attrs.field(default=False, validator=_flag)
    protocol: int = attrs.field(default=PROTOCOL, validator=_count)


@attrs.frozen(kw_only=True)
class Welcome:
    """The server takes the run. `seen` is the last sequence number it has of it, 0 for none."""

    TYPE: ClassVar[str] = "welcome"
    seen: int = attrs.field(validator=_count)
    protocol: int = attrs.field(default=PROTOCOL, validator=_count)


@attrs.frozen(kw_only=True)
class Refused:
    """The server does not listen (any more); it closes the connection after this."""

    TYPE: ClassVar[str] = "refused"
    reason: str = attrs.field(validator=_text)


@attrs.frozen(kw_only=True)
class FindingMessage:
    """One finding of the run, in the JSON form of a finding. `sequence` counts from 1 within the run."""

    TYPE: ClassVar[str] = "finding"
    sequence: int = attrs.field(validator=_positive)
    finding: Mapping[str, Any] = attrs.field(validator=_object)


@attrs.frozen(kw_only=True)
class Progress:
    """How far the run is: epoch and step count from 1; None where it is not known (or not finite)."""

    TYPE: ClassVar[str] = "progress"
    epoch: int = attrs.field(validator=_count)
    step: int = attrs.field(validator=_count)
    epochs: int | None = attrs.field(default=None, validator=attrs.validators.optional(_count))
    loss: float | None = attrs.field(default=None, converter=_finite, validator=attrs.validators.optional(_number))


@attrs.frozen(kw_only=True)
class End:
    """The run is over: "finished", or "failed" by an exception."""

    TYPE: ClassVar[str] = "end"
    status: str = attrs.field(validator=_status)


@attrs.frozen(kw_only=True)
class Ack:
    """The server has the finding `sequence`."""

    TYPE: ClassVar[str] = "ack"
    sequence: int = attrs.field(validator=_positive)


@attrs.frozen(kw_only=True)
class Stop:
    """The user wants the training to end after the step that it is in."""

    TYPE: ClassVar[str] = "stop"


RunMessage: TypeAlias = Hello | FindingMessage | Progress | End
ServerMessage: TypeAlias = Welcome | Refused | Ack | Stop
Message = TypeVar("Message", bound=RunMessage | ServerMessage)

_RUN_MESSAGES: Mapping[str, type[RunMessage]] = {each.TYPE: each for each in (Hello, FindingMessage, Progress, End)}
_SERVER_MESSAGES: Mapping[str, type[ServerMessage]] = {each.TYPE: each for each in (Welcome, Refused, Ack, Stop)}


def encode(message: RunMessage | ServerMessage) -> bytes:
    """The line that carries `message`, with its newline.

    Raises `MessageError` when it would be longer than `MAX_LINE_BYTES` or holds what JSON can't.
    """
    fields = {"type": message.TYPE, **_fields(message)}
    try:
        line = json.dumps(fields, allow_nan=False, separators=(",", ":")).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise MessageError(f"a {message.TYPE!r} message can't be written as JSON: {error}") from error
    if len(line) > MAX_LINE_BYTES:
        raise MessageError(f"a {message.TYPE!r} message of {len(line)} bytes is over {MAX_LINE_BYTES}")
    return line


def decode_from_run(line: bytes) -> RunMessage:
    """What a run said. Raises `MessageError` for anything that is not one of its messages."""
    return _decode(line, _RUN_MESSAGES)


def decode_from_server(line: bytes) -> ServerMessage:
    """What a server said. Raises `MessageError` for anything that is not one of its messages."""
    return _decode(line, _SERVER_MESSAGES)


def _fields(message: RunMessage | ServerMessage) -> dict[str, Any]:
    return {field.name: getattr(message, field.name) for field in attrs.fields(type(message))}


def _decode(line: bytes, kinds: Mapping[str, type[Message]]) -> Message:
    if len(line) > MAX_LINE_BYTES:
        raise MessageError(f"a line of {len(line)} bytes is over {MAX_LINE_BYTES}")
    try:
        data = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise MessageError(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise MessageError("not a JSON object")
    kind = kinds.get(data["type"]) if isinstance(data.get("type"), str) else None
    if kind is None:
        raise MessageError(f"'type' must be one of {', '.join(kinds)}")
    known = {field.name for field in attrs.fields(kind)}
    try:
        return kind(**{key: value for key, value in data.items() if key in known})
    except TypeError as error:
        raise MessageError(f"a {kind.TYPE!r} message misses a field: {error}") from error


def _refuse_constant(name: str) -> float:
    raise MessageError(f"{name} is not JSON")
