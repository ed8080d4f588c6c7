"""Switches of functions, True or False or one of a few words, that a call leaves at their defaults."""

from __future__ import annotations

from dataclasses import replace

from scram_analyzers.source.values import Argument, Arguments, Constant, Function


def with_switches(function: Function, arguments: Arguments) -> Arguments:
    """The arguments of a call that the program makes, with the switches (True, False, a word) that it leaves alone.

    Another call may turn them; this one does not. Keras itself gives a model's `call` its inputs and `training` alone.
    """
    switches = {
        name: value
        for name, value in function.defaults.items()
        if isinstance(value, Constant) and isinstance(value.value, bool | str)
    }
    if arguments.open or not switches:
        return arguments
    parameters = function.node.params
    names = [parameter.name.value for parameter in (*parameters.posonly_params, *parameters.params)]
    own = function.owner is not None and "staticmethod" not in function.decorators
    given = {*names[own : len(arguments.positional) + own], *arguments.keywords}
    left = {
        name: Argument(replace(value, assumed=False), None) for name, value in switches.items() if name not in given
    }
    return replace(arguments, keywords={**arguments.keywords, **left}) if left else arguments
