/** The training that the test of live runs watches. */

/** Every epoch's rate is ten times the last one's: the loss grows and becomes NaN. The source alone looks sound. */
export const LIVE = `import keras
import numpy as np
from until import UntilTold

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(400, 4)).astype("float32")
y = x @ np.array([[1.0], [-2.0], [3.0], [0.5]], dtype="float32")

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse")


def rate(epoch):
    return 0.01 * 10**epoch


schedule = keras.callbacks.LearningRateScheduler(rate)
model.fit(x, y, epochs=900, validation_split=0.2, callbacks=[schedule, UntilTold()])
`;

/** Lets the training go on, slowly, until the test ends it by a file. */
export const UNTIL = `import time
from pathlib import Path

import keras


class UntilTold(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch > 5:
            self.model.stop_training = Path(__file__).with_name("enough").exists()
            time.sleep(0.5)
`;
