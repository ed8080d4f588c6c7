"""SCR436 episode-end-ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.output_and_loss.evidence.action_values import adds_best
from scram_analyzers.source.once import once
from scram_analyzers.source.places import Place
from scram_analyzers.source.program import Program
from scram_analyzers.source.reading import search
from scram_analyzers.source.reading.chunks import Section

_ENDS = re.compile(r"(?:^|_)(?:dones?|terminals?|terminated|finished)(?:_|$)")
_REWARDS = re.compile(r"(?:^|_)(?:rewards?|rew|rs?)(?:_|$)")


class EpisodeEndIgnored(Rule):
    """Targets of Q-learning that go on past the end of an episode."""

    code = "SCR436"
    name = "episode-end-ignored"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    only_with = ("done", "terminal", "terminated", "finished")
    summary = "Q-learning targets that add the value of the next state though the episode has ended"
    why = (
        "Nothing comes after the last step of an episode, so its value is the reward alone. With the guess for another "
        "state added to it, the ends teach the network nothing: losing looks as good as playing on, and the values "
        "grow without end."
    )
    how = "Add the next state's value only where the episode goes on: reward + gamma * best * (1 - done)."
    references = (
        Reference(
            "Mnih et al.: Human-level control through deep reinforcement learning, algorithm 1",
            "https://doi.org/10.1038/nature14236",
        ),
    )
    false_alarms = "A task that never ends, where the flag only says that time was up."
    bad = (
        Example(
            "The flag is taken out of the memory and not looked at",
            """
            import keras
            import numpy as np
            from project import memory, sample

            model = keras.Sequential([keras.layers.Dense(24, activation="relu"), keras.layers.Dense(2)])
            model.compile(optimizer="adam", loss="mse")
            for state, action, reward, next_state, done in sample(memory):
                target = model.predict(state)
                target[0][action] = »reward + 0.95 * np.amax(model.predict(next_state)[0])«
                model.fit(state, target, verbose=0)
            """,
        ),
        Example(
            "Whole batches",
            """
            import keras
            import numpy as np


            class Agent:
                def __init__(self, memory):
                    self.memory = memory
                    self.gamma = 0.99
                    self.net = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(4)])
                    self.net.compile(optimizer="adam", loss="mse")

                def learn(self):
                    states, actions, rewards, next_states, dones = self.memory.batch(64)
                    best = np.max(self.net.predict(next_states), axis=1)
                    targets = self.net.predict(states)
                    targets[np.arange(64), actions] = »rewards + self.gamma * best«
                    self.net.train_on_batch(states, targets)
            """,
        ),
    )
    good = (
        Example(
            "The flag decides",
            """
            import keras
            import numpy as np
            from project import memory, sample

            model = keras.Sequential([keras.layers.Dense(24, activation="relu"), keras.layers.Dense(2)])
            model.compile(optimizer="adam", loss="mse")
            for state, action, reward, next_state, done in sample(memory):
                target = model.predict(state)
                target[0][action] = reward
                if not done:
                    target[0][action] = reward + 0.95 * np.amax(model.predict(next_state)[0])
                model.fit(state, target, verbose=0)
            """,
        ),
        Example(
            "The loop ends with the episode",
            """
            import keras
            import numpy as np
            from project import env

            model = keras.Sequential([keras.layers.Dense(24, activation="relu"), keras.layers.Dense(2)])
            model.compile(optimizer="adam", loss="mse")
            state, done = env.reset(), False
            while not done:
                values = model.predict(state)
                action = np.argmax(values)
                next_state, reward, done, _ = env.step(action)
                values[0][action] = reward + 0.95 * np.amax(model.predict(next_state)[0])
                model.fit(state, values, verbose=0)
                state = next_state
            """,
        ),
        Example(
            "Returns, which no network guesses",
            """
            import keras
            import numpy as np
            from project import episodes

            model = keras.Sequential([keras.layers.Dense(24, activation="relu"), keras.layers.Dense(2, "softmax")])
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            total, returns = 0.0, []
            for state, action, reward, next_state, done in reversed(episodes[0]):
                total = reward + 0.99 * total
                returns.insert(0, total)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each such sum where the flag is taken out beside the reward, and nothing reads it."""
        if program.mentions("max("):
            for section in program.sections_with("max("):
                yield from _of_section(section)


@once
def _of_section(section: Section) -> tuple[Report, ...]:
    functions = [each for each in section.parsed.nodes.get(cst.FunctionDef, ()) if isinstance(each, cst.FunctionDef)]
    module = section.parsed.module
    bodies: list[cst.CSTNode] = [each.body for each in functions] or ([module] if module is not None else [])
    return tuple(report for body in bodies for report in _of_body(section, body))


def _of_body(section: Section, body: cst.CSTNode) -> Iterator[Report]:
    for taken in _taken_apart(body):
        names = {each.value for each in taken}
        end = next((each for each in taken if _ENDS.search(each.value)), None)
        rewards = {name for name in names if _REWARDS.search(name)}
        if (
            end is None
            or len(rewards) != 1
            or any(each.value == end.value and each is not end for each in search.nodes(body, cst.Name))
        ):
            continue
        for added in search.nodes(body, cst.BinaryOperation):
            if _adds_best(body, added, rewards):
                message = (
                    f"The next state's value is added even where the episode has ended: {end.value} is not looked at."
                )
                related = (Related(Place(section, end), "It is taken out here."),)
                recipe = f"* (1 - {end.value})"
                yield Report(Place(section, added), message, related, recipe=recipe)


def _taken_apart(body: cst.CSTNode) -> Iterator[list[cst.Name]]:
    """The names that a loop or an assignment gives to the parts of one thing."""
    targets = [each.target for each in search.nodes(body, cst.For)]
    targets += [each.target for each in search.nodes(body, cst.AssignTarget)]
    for target in targets:
        if isinstance(target, cst.Tuple):
            yield [each.value for each in target.elements if isinstance(each.value, cst.Name)]


def _adds_best(body: cst.CSTNode, added: cst.BinaryOperation, rewards: set[str]) -> bool:
    """Whether an expression is a reward and a share of the largest value that a network gives: `r + gamma * max(q)`."""
    first = added.left.value if isinstance(added.left, cst.Subscript) else added.left
    return isinstance(first, cst.Name) and first.value in rewards and adds_best(body, added)
