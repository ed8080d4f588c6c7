from __future__ import annotations

from scram_analyzers.source.values import Tuple, integer, text
from tests.scram_analyzers.source.programs import program_of

KERAS_1 = """
    from keras.layers.convolutional import Convolution2D
    from keras.layers.core import Dense, Dropout
    from keras.models import Sequential
    from keras.optimizers import SGD

    model = Sequential()
    model.add(Convolution2D(nb_filter=8, nb_row=3, nb_col=5, border_mode="same", subsample=(2, 2)))
    model.add(Dropout(p=0.25))
    model.add(Dense(output_dim=10, init="uniform", W_regularizer=penalty, U_regularizer=other))
    model.compile(loss="mse", optimizer=SGD(lr=0.01))
    model.fit(x, y, nb_epoch=7, batch_size=16)
    model.fit_generator(batches, samples_per_epoch=2000, nb_epoch=5)
"""


def test_keras_1_parameters_go_by_their_new_names() -> None:
    convolution, dropout, dense = program_of(KERAS_1).layers
    assert integer(convolution.value("filters")) == 8
    size = convolution.value("kernel_size")
    assert isinstance(size, Tuple)
    assert [integer(item) for item in size.items] == [3, 5]
    assert text(convolution.value("padding")) == "same"
    assert convolution.value("strides") is not None
    assert dropout.value("rate") is not None
    assert integer(dense.value("units")) == 10
    assert text(dense.value("kernel_initializer")) == "uniform"
    assert {"kernel_regularizer", "recurrent_regularizer"} <= set(dense.arguments.keywords)


def test_keras_1_trainings_are_understood() -> None:
    program = program_of(KERAS_1)
    assert program.optimizers[0].learning_rate.value == 0.01
    assert [integer(fit.epochs.value) for fit in program.fits if fit.epochs is not None] == [7, 5]


def test_samples_are_not_taken_for_steps() -> None:
    generator = program_of(KERAS_1).fits[1]
    assert generator.arguments.get("steps_per_epoch") is None
