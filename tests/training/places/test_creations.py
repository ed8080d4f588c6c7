from scram_lsp.training.places.creations import Creations, NotingInit, noting_new


class Unreferable:
    """Has no room for weak references."""

    __slots__ = ("made",)

    def __init__(self):
        self.made = True


def test_the_place_is_that_of_the_call():
    class Layer:
        pass

    creations = Creations()
    Layer.__new__ = noting_new(object.__new__, creations.note)
    made = Layer()
    assert creations.of(made)[0].filename == __file__
    assert creations.of(Layer) == ()


def test_what_can_not_be_noted_is_made_all_the_same(monkeypatch):
    creations = Creations()
    monkeypatch.setattr(Unreferable, "__init__", NotingInit(Unreferable.__init__, creations.note))
    made = Unreferable()
    assert made.made
    assert creations.of(made) == ()
