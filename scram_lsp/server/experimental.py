"""What a client declares of itself beyond the protocol."""

from __future__ import annotations

from collections.abc import Mapping

from lsprotocol import types

RUN_FILE_COMMAND = "scram.runFile"
"""The client's own command to run a script under watch, where the user sees and stops it; its argument is the URI.

A server that ran it would hold a training in a process that the editor ends with the server.
"""

SHOW_RUN_OF_COMMAND = "scram.showRunOf"
"""The client's own command to show the last run of a script, where it has a better page than text; as above."""


def declared(capabilities: types.ClientCapabilities, *names: str) -> object:
    """The value at a path of names in the experimental capabilities, or None."""
    value: object = capabilities.experimental
    for name in names:  # pygls makes objects of what it has no type for
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
    return value


def has_command(capabilities: types.ClientCapabilities, command: str) -> bool:
    """Whether the client has a command of its own; it says so as rust-analyzer's clients do of theirs."""
    commands = declared(capabilities, "commands", "commands")
    return isinstance(commands, list | tuple) and command in commands
