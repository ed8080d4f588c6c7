"""What a generator of images is given decides what it gives: arrays that nobody knows stay unknown."""

from scram_analyzers.engine import analyze_source
from scram_analyzers.rules.registry import RuleSet

_PROGRAM = """
import keras
from keras import layers
from keras.preprocessing.image import ImageDataGenerator
from project import load

x_train, y_train = %s
datagen = ImageDataGenerator(vertical_flip=True)
model = keras.Sequential([layers.Conv2D(8, 3, activation="relu"), layers.Flatten(), layers.Dense(100, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(datagen.flow(%s), epochs=30)
"""
_KERAS = "keras.datasets.cifar100.load_data()[0]"


def _codes(loaded: str, given: str) -> set[str]:
    return {each.code for each in analyze_source(_PROGRAM % (loaded, given), "train.py", RuleSet.default()).findings}


def test_images_of_another_module_may_be_scaled() -> None:
    assert "SCR201" not in _codes("load()", "x_train, y_train, batch_size=32")


def test_images_as_keras_loads_them_are_not() -> None:
    assert "SCR201" in _codes(_KERAS, "x_train, y_train, batch_size=32")
    assert "SCR201" in _codes(_KERAS, "x=x_train, y=y_train, batch_size=32")
