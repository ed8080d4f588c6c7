"""SCR216 augmentation-on-validation."""

from __future__ import annotations

from collections.abc import Iterator

from scram_analyzers.findings import Confidence, Severity
from scram_analyzers.rules.base import Example, Reference, Related, Report, Rule
from scram_analyzers.rules.data.evidence.judging import Judged, judged_by, name_of, step_of
from scram_analyzers.source.data import StepKind
from scram_analyzers.source.program import Fit, Program, every_fit


class AugmentationOnValidation(Rule):
    """Validation images that are turned, moved and zoomed at random."""

    code = "SCR216"
    name = "augmentation-on-validation"
    severity = Severity.WARNING
    confidence = Confidence.HIGH
    summary = "random augmentation of the data that judge the model"
    why = (
        "Augmentation makes training harder on purpose. Validation data changed at random are other images in every "
        "epoch: the score is too low, it jumps, and two runs can't be compared."
    )
    how = "Make a second generator or dataset for validation and test that only scales."
    references = (
        Reference(
            "Keras: Image data augmentation", "https://keras.io/examples/vision/image_classification_from_scratch/"
        ),
        Reference("Karpathy: A Recipe for Training Neural Networks", "https://karpathy.github.io/2019/04/25/recipe/"),
    )
    false_alarms = "Test-time augmentation, where the answers to several versions of each image are averaged."
    bad = (
        Example(
            "Padded, then cut at random",
            """
            import keras
            import tensorflow as tf

            (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()


            def move(image, label):
                wider = tf.pad(image, [[2, 2], [2, 2]])
                return tf.image.random_crop(wider, (28, 28)), label


            def prepare(images, labels, shuffled):
                batches = tf.data.Dataset.from_tensor_slices((images / 255, labels))
                if shuffled:
                    batches = batches.shuffle(10_000)
                return batches.map(move).batch(32)


            model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            test = prepare(x_test, y_test, False)
            model.fit(prepare(x_train, y_train, True), epochs=5, validation_data=»test«)
            """,
        ),
        Example(
            "One generator for both parts",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            generator = ImageDataGenerator(rescale=1 / 255, rotation_range=30, validation_split=0.2)
            train = generator.flow_from_directory("flowers", subset="training")
            validation = generator.flow_from_directory("flowers", subset="validation")
            model = keras.Sequential(
                [
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            model.fit(train, epochs=5, validation_data=»validation«)
            """,
        ),
        Example(
            "Both datasets mapped through augmenting layers",
            """
            import keras

            train = keras.utils.image_dataset_from_directory("leaves/train")
            validation = keras.utils.image_dataset_from_directory("leaves/validation")
            augment = keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomRotation(0.1)])
            train = train.map(lambda x, y: (augment(x, training=True), y))
            validation = validation.map(lambda x, y: (augment(x, training=True), y))
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(train, epochs=5, validation_data=»validation«)
            """,
        ),
    )
    good = (
        Example(
            "One function prepares both parts, and turns images for training only",
            """
            import keras

            train = keras.utils.image_dataset_from_directory("leaves/train")
            validation = keras.utils.image_dataset_from_directory("leaves/validation")
            turn = keras.layers.RandomRotation(0.1)

            def prepare(images, augment=False):
                if augment:
                    images = images.map(lambda x, y: (turn(x), y))
                return images.prefetch(2)

            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(prepare(train, augment=True), epochs=5, validation_data=prepare(validation))
            """,
        ),
        Example(
            "A generator of its own for validation",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            turning = ImageDataGenerator(rescale=1 / 255, rotation_range=30, horizontal_flip=True)
            plain = ImageDataGenerator(rescale=1 / 255)
            model = keras.Sequential(
                [
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            train = turning.flow_from_directory("train")
            model.fit(train, epochs=5, validation_data=plain.flow_from_directory("validation"))
            """,
        ),
        Example(
            "The same zoom for every image, as the middle is cut out",
            """
            import keras
            from keras.preprocessing.image import ImageDataGenerator

            turning = ImageDataGenerator(rescale=1 / 255, rotation_range=30, zoom_range=0.5)
            cutting = ImageDataGenerator(rescale=1 / 255, zoom_range=(0.875, 0.875))
            model = keras.Sequential(
                [
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(5, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy")
            train = turning.flow_from_directory("train")
            model.fit(train, epochs=5, validation_data=cutting.flow_from_directory("validation"))
            """,
        ),
        Example(
            "Augmenting layers in the model rest outside training",
            """
            import keras

            (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
            model = keras.Sequential(
                [
                    keras.layers.Rescaling(1 / 255),
                    keras.layers.RandomFlip("horizontal"),
                    keras.layers.Conv2D(16, 3, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                    keras.layers.Dense(10, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(x_train, y_train, validation_data=(x_test, y_test))
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report augmented validation data, and augmented data in an evaluation."""
        return program.each_of(every_fit, self._of_fit)

    def _of_fit(self, program: Program, fit: Fit) -> Iterator[Report]:
        for judged in judged_by(program, fit):
            step = step_of(judged.data, StepKind.AUGMENTED)
            if step is None or not step.certain or judged.use.startswith("predict") or _is_training_data(fit, judged):
                continue
            related = () if step.place is None else (Related(step.place, "They are augmented here."),)
            what = "validation data" if judged.use == "validation_data" else "data of this evaluation"
            name = name_of(judged.place, "here")
            yield Report(judged.place, f"The {what} ({name}) are augmented at random, like training data.", related)


def _is_training_data(fit: Fit, judged: Judged) -> bool:
    """Whether an evaluation deliberately looks at the training data again."""
    return judged.use != "validation_data" and fit.inputs is not None and bool(fit.inputs.roots & judged.data.roots)
