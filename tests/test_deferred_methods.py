"""attrs classes whose methods are compiled at their first call are like all others."""

from __future__ import annotations

import pickle

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


def test_values_are_made_compared_and_shown() -> None:
    assert Named("a") == Named("a", size=1) != Named("b")
    assert repr(Named("a", size=2)) == "Named(name='a', size=2)"
    assert repr(Larger("a")).endswith("Larger(name='a', size=1, more=[\"Larger(name='a', size=1)\"])")
    assert Larger("a") == Larger("a", more=["b"])
    assert hash(Larger("a")) == hash(Larger("a", more=["b"]))
    assert attrs.evolve(Named("a"), size=3) == Named("a", size=3)
    assert pickle.loads(pickle.dumps(Named("a"))) == Named("a")
    assert [each.name for each in attrs.fields(Named)] == ["name", "size"]


def test_what_goes_wrong_is_told_as_ever() -> None:
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'name'"):
        Named()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'size' must be"):
        Named("a", size="b")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Larger("a").name = "b"  # type: ignore[misc]


def test_methods_are_put_off() -> None:
    with deferred_methods():

        @attrs.define
        class Late:
            x: int

    deferred = vars(Late)["__init__"]
    assert "x" not in deferred.__code__.co_varnames
    assert Late(1).x == 1
    compiled = vars(Late)["__init__"]
    assert compiled.__code__.co_varnames == ("self", "x")
    assert compiled.__qualname__ == deferred.__qualname__
    assert Late(2) == Late(2)
    assert vars(Late)["__init__"] is compiled


def test_an_attrs_that_compiles_otherwise_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_and_eval(script: str, names: dict[str, object], filename: str) -> None:
        """Another attrs."""

    monkeypatch.setattr(_make, "_compile_and_eval", compile_and_eval)
    with deferred_methods():
        assert vars(_make)["_compile_and_eval"] is compile_and_eval


def test_outside_it_nothing_is_put_off() -> None:
    before = vars(_make)["_compile_and_eval"]
    with deferred_methods(), deferred_methods():
        assert vars(_make)["_compile_and_eval"] is not before
    assert vars(_make)["_compile_and_eval"] is before
