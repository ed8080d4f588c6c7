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


_GRAPH = """
import keras
from keras import layers
from project import Nodes
from sklearn.model_selection import train_test_split

labels = %s
train_labels, test_labels = train_test_split(labels, train_size=0.1)
flow = Nodes(50).flow(train_labels.index, train_labels.values)
model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(flow, epochs=30)
"""


def test_what_flows_from_a_generator_of_another_library_is_not_known() -> None:
    text = _GRAPH % 'pd.read_csv("nodes.csv")["label"]'
    findings = analyze_source("import pandas as pd\n" + text, "train.py", RuleSet.default()).findings
    assert {each.code for each in findings} & {"SCR218", "SCR201"} == set()
