"""Dataclasses whose methods are compiled at their first call are like all others."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import threading
from dataclasses import dataclass, field

import attrs
import pytest
from attr import _make

from scram_lsp.deferred_methods import deferred_methods

with deferred_methods():

    @attrs.define
    class Named:
        """It has a name."""

        name: str
        size: int = attrs.field(default=1, kw_only=True, validator=attrs.validators.instance_of(int))

    @attrs.frozen
    class Larger(Named):
        more: list[str] = attrs.field(factory=list, eq=False)

        def __attrs_post_init__(self) -> None:
            self.more.append(super().__repr__())

    @dataclass(frozen=True, slots=True, order=True)
    class Point:
        x: int
        y: int = 0
        names: list[str] = field(default_factory=list, compare=False)

    @dataclass
    class Base:
        self_said: str

        def __post_init__(self) -> None:
            self.self_said += "!"

    class Derived(Base):
        def __init__(self) -> None:
            super().__init__(self_said="no")

    @dataclass
    class Empty:
        """It has no field."""


def test_values_are_made_compared_and_shown() -> None:
    one, same, other = Point(1), Point(1, names=["a"]), Point(1, 2)
    assert {one, same} == {one}
    assert one != other
    assert sorted([other, one]) == [one, other]
    assert repr(other) == "Point(x=1, y=2, names=[])"
    assert dataclasses.replace(one, y=2) == other
    assert pickle.loads(pickle.dumps(other)) == other
    assert Empty() == Empty()
    assert repr(Empty()) == "Empty()"


def test_a_frozen_value_stays_as_it_is() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x  # type: ignore[misc]


def test_a_wrong_call_is_told_as_ever() -> None:
    with pytest.raises(TypeError, match=r"Point.__init__\(\) missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]


def test_an_inherited_method_may_be_called_by_its_class() -> None:
    assert Derived().self_said == "no!"
    assert Base("yes").self_said == "yes!"


def test_nothing_is_put_off_by_a_python_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 99))
    with deferred_methods():
        assert "exec" not in vars(dataclasses)


def test_classes_of_attrs_are_like_all_others() -> None:
    assert Named("a") == Named("a", size=1) != Named("b")
    assert repr(Named("a", size=2)) == "Named(name='a', size=2)"
    assert repr(Larger("a")).endswith("Larger(name='a', size=1, more=[\"Larger(name='a', size=1)\"])")
    assert Larger("a") == Larger("a", more=["b"])
    assert hash(Larger("a")) == hash(Larger("a", more=["b"]))
    assert attrs.evolve(Named("a"), size=3) == Named("a", size=3)
    assert pickle.loads(pickle.dumps(Named("a"))) == Named("a")
    assert [each.name for each in attrs.fields(Named)] == ["name", "size"]
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'name'"):
        Named()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'size' must be"):
        Named("a", size="b")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Larger("a").name = "b"  # type: ignore[misc]


def test_no_signature_is_worked_out_for_a_docstring() -> None:
    with deferred_methods():

        @dataclass
        class Late:
            x: int

    assert Late.__doc__ == "Late(...)"
    assert dataclasses.inspect is inspect  # type: ignore[attr-defined]


def test_methods_of_attrs_are_put_off() -> None:
    with deferred_methods():

        @attrs.define
        class Late:
            x: int

    assert "x" not in vars(Late)["__init__"].__code__.co_varnames
    assert Late(1).x == 1
    assert vars(Late)["__init__"].__code__.co_varnames == ("self", "x")


def test_an_attrs_that_compiles_otherwise_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_and_eval(script: str, names: dict[str, object], filename: str) -> None:
        """Another attrs."""

    monkeypatch.setattr(_make, "_compile_and_eval", compile_and_eval)
    with deferred_methods():
        assert vars(_make)["_compile_and_eval"] is compile_and_eval


def test_the_real_method_takes_the_place_of_its_stand_in() -> None:
    with deferred_methods():

        @dataclass
        class Late:
            x: int

    deferred = vars(Late)["__init__"]
    assert Late(1).x == 1
    compiled = vars(Late)["__init__"]
    assert compiled is not deferred
    assert compiled.__qualname__ == deferred.__qualname__
    assert Late(2) == Late(2)
    assert vars(Late)["__init__"] is compiled


def test_threads_may_call_it_first_at_one_time() -> None:
    with deferred_methods():
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


def test_outside_it_nothing_is_put_off() -> None:
    with deferred_methods(), deferred_methods():
        pass
    assert "exec" not in vars(dataclasses)

    @dataclass
    class Plain:
        x: int

    assert vars(Plain)["__init__"].__code__.co_varnames == ("self", "x")


def test_classes_of_other_packages_are_left_alone() -> None:
    with deferred_methods(("another",)):

        @dataclass
        class Users:
            x: int

        assert vars(Users)["__init__"].__code__.co_varnames == ("self", "x")
    with deferred_methods((__name__.partition(".")[0],)):

        @dataclass
        class Ours:
            x: int

    assert "x" not in vars(Ours)["__init__"].__code__.co_varnames
    assert Ours(1) == Ours(1)
    assert "exec" not in vars(dataclasses)
