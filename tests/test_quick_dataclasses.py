"""Dataclasses that are made quickly are like all others."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
import threading
from dataclasses import InitVar, dataclass, field
from typing import Any

import pytest

from scram_lsp import quick_dataclasses as module
from scram_lsp.quick_dataclasses import quick_dataclasses

with quick_dataclasses():

    @dataclasses.dataclass(frozen=True, slots=True, order=True)
    class Point:
        x: int
        y: int = 0
        names: list[str] = field(default_factory=list, compare=False)

    @dataclasses.dataclass
    class Base:
        self_said: str

        def __post_init__(self) -> None:
            self.self_said += "!"

    class Derived(Base):
        def __init__(self) -> None:
            super().__init__(self_said="no")

    @dataclasses.dataclass(kw_only=True)
    class Further(Base):
        more: int
        count: int = field(default=3, init=False)
        seen: set[int] = field(default_factory=set, init=False, repr=False)

    @dataclasses.dataclass(frozen=True)
    class Solid(Point):
        z: int = 0

    @dataclasses.dataclass
    class Empty:
        """It has no field."""

    @dataclasses.dataclass(frozen=True)
    class OfItsOwn:
        x: int

        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "mine"


def test_values_are_made_compared_and_shown() -> None:
    one, same, other = Point(1), Point(1, names=["a"]), Point(1, 2)
    assert {one, same} == {one}
    assert one != other
    assert sorted([other, one]) == [one, other]
    assert repr(other) == "Point(x=1, y=2, names=[])"
    assert dataclasses.replace(one, y=2) == other
    assert pickle.loads(pickle.dumps(other)) == other
    assert one.names is not other.names
    assert Empty() == Empty()
    assert repr(Empty()) == "Empty()"


def test_fields_may_be_given_by_name_alone_or_not_at_all() -> None:
    further = Further("yes", more=1)
    assert repr(further) == "Further(self_said='yes!', more=1, count=3)"
    assert further.seen == set()
    assert further == Further("yes", more=1) != Further("yes", more=2)
    with pytest.raises(TypeError, match=r"Further.__init__\(\) takes 2 positional arguments but 3 were given"):
        Further("yes", 1)  # type: ignore[misc, call-arg]
    with pytest.raises(TypeError):
        hash(further)


def test_what_a_class_has_of_its_own_stays() -> None:
    assert OfItsOwn(1) == OfItsOwn(2)
    assert repr(OfItsOwn(1)) == "mine"
    assert hash(OfItsOwn(1)) == hash(OfItsOwn(1))


def test_a_wrong_call_is_told_as_ever() -> None:
    with pytest.raises(TypeError, match=r"Point.__init__\(\) missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]


def test_an_inherited_method_may_be_called_by_its_class() -> None:
    assert Derived().self_said == "no!"
    assert Base("yes").self_said == "yes!"


def test_only_a_process_that_does_without_this_sees_to_it_that_values_stay() -> None:
    point = Point(1)
    point.x = 2  # type: ignore[misc]
    assert point == Point(2)


def test_a_class_that_is_frozen_may_come_from_one_that_is_made_so() -> None:
    assert Solid(1, 2, z=3) == Solid(1, 2, z=3) != Solid(1, 2)

    @dataclass(frozen=True)
    class Later(Solid):
        w: int = 0

    with pytest.raises(dataclasses.FrozenInstanceError):
        Later(1).w = 2  # type: ignore[misc]


def test_one_that_comes_from_a_frozen_class_is_frozen() -> None:
    @dataclass(frozen=True)
    class Before:
        x: int

    with quick_dataclasses():

        @dataclasses.dataclass(frozen=True)
        class After(Before):
            y: int = 0

    with pytest.raises(dataclasses.FrozenInstanceError):
        After(1).y = 2  # type: ignore[misc]


def test_odd_fields_are_left_to_the_standard_library() -> None:
    with quick_dataclasses():

        @dataclasses.dataclass
        class Odd:
            self: int
            given: InitVar[int]

            def __post_init__(self, given: int) -> None:
                self.self += given

    assert Odd(1, 2).self == 3


def test_values_go_to_processes_that_do_without_this_and_come_back() -> None:
    sends = (
        "import pickle, sys; from scram_analyzers.findings import SourcePosition; "
        "value = pickle.load(sys.stdin.buffer); assert value == SourcePosition(1, 2); "
        "pickle.dump(value, sys.stdout.buffer)"
    )
    quickly = (
        "import pickle, subprocess, sys\n"
        "from scram_lsp.quick_dataclasses import quick_dataclasses\n"
        "with quick_dataclasses():\n"
        "    from scram_analyzers.findings import SourcePosition\n"
        "assert '__setattr__' not in vars(SourcePosition)\n"
        "sent = pickle.dumps(SourcePosition(1, 2))\n"
        f"back = subprocess.run([sys.executable, '-c', {sends!r}], input=sent, check=True, stdout=subprocess.PIPE)\n"
        "assert pickle.loads(back.stdout) == SourcePosition(1, 2)\n"
    )
    subprocess.run([sys.executable, "-c", quickly], check=True)


def test_no_signature_is_worked_out_for_a_docstring() -> None:
    with quick_dataclasses():

        @dataclasses.dataclass
        class Late:
            x: int

    assert Late.__doc__ == "Late(...)"
    assert Empty.__doc__ == "It has no field."


def test_one_code_does_for_all_classes_with_as_many_fields() -> None:
    with quick_dataclasses():
        kinds: list[Any] = [dataclasses.make_dataclass(f"Made{n}", [f"a{n}", f"b{n}"]) for n in range(5)]
    compiled = module._code.cache_info().misses
    assert [(each(1, 2), each(1, 2)) for each in kinds[:1]]
    assert all(each(1, 2) == each(1, 2) for each in kinds)
    assert module._code.cache_info().misses <= compiled + 1
    assert vars(kinds[4])["__init__"].__code__.co_varnames == ("self", "a4", "b4")


def test_threads_may_call_it_first_at_one_time() -> None:
    with quick_dataclasses():
        classes = [dataclasses.make_dataclass(f"Made{number}", ["x", "y"]) for number in range(50)]
    start, made = threading.Barrier(4), []

    def use() -> None:
        start.wait()
        made.extend(each(1, 2) == each(1, 2) for each in classes)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [True] * 200


def test_with_a_python_that_is_not_known_classes_are_made_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 99))
    with quick_dataclasses():
        assert dataclasses.dataclass is dataclass


def test_outside_it_classes_are_made_as_ever() -> None:
    with quick_dataclasses(), quick_dataclasses():
        pass
    assert dataclasses.dataclass is dataclass


def test_classes_of_other_packages_are_left_alone() -> None:
    with quick_dataclasses(("another",)):

        @dataclasses.dataclass(frozen=True)
        class Users:
            x: int

    assert "__setattr__" in vars(Users)
    with quick_dataclasses((__name__.partition(".")[0],)):

        @dataclasses.dataclass(frozen=True)
        class Ours:
            x: int

    assert "__setattr__" not in vars(Ours)
    assert Ours(1) == Ours(1)
