"""SCR853 invalid-argument."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from scram_analyzers import fixes
from scram_analyzers.findings import Applicability, Confidence, Finding, Fix, Severity
from scram_analyzers.rules.api.evidence import keywords
from scram_analyzers.rules.api.evidence.keywords import KerasCall, Keyword
from scram_analyzers.rules.base import Example, Reference, Report, Rule
from scram_analyzers.rules.close_names import closest
from scram_analyzers.source.keras_api.layers import LEGACY_PARAMETERS
from scram_analyzers.source.keras_api.signatures import signatures
from scram_analyzers.source.once import once
from scram_analyzers.source.program import Call, Program

_CHECKED = ("keras.layers.", "keras.optimizers.", "keras.callbacks.", "keras.Model.")
_TAKE_ANYTHING = ("keras.callbacks.CallbackList", "keras.callbacks.LambdaCallback")
_OF_EVERY_LAYER = frozenset(
    (
        "name",
        "dtype",
        "trainable",
        "autocast",
        "activity_regularizer",
        "input_shape",
        "batch_input_shape",
        "batch_shape",
        "batch_size",
        "input_dim",
        "input_length",
        "input_dtype",
        "weights",
        "dynamic",
    )
)
_OF_EVERY_OPTIMIZER = frozenset(
    (
        "learning_rate",
        "weight_decay",
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
        "use_ema",
        "ema_momentum",
        "ema_overwrite_frequency",
        "loss_scale_factor",
        "gradient_accumulation_steps",
    )
)
_OF_SOME_TIME = frozenset(
    (
        # layers
        "alpha",
        "theta",
        "adjustment",
        "atrous_rate",
        "axis",
        "backward_layer",
        "batchnorm_mode",
        "beta_init",
        "bins",
        "bounding_box_format",
        "causal",
        "cell",
        "concat_axis",
        "consume_less",
        "data_format",
        "dot_axes",
        "experimental_autocast",
        "factor",
        "forget_bias_init",
        "fused",
        "gamma_init",
        "has_input_vocabulary",
        "image_shape",
        "implementation",
        "lora_alpha",
        "lora_rank",
        "max_tokens",
        "mode",
        "momentum",
        "nb_col",
        "nb_feature",
        "nb_row",
        "node_indices",
        "noise_shape",
        "oov_method",
        "output_mask",
        "output_mode",
        "output_shape",
        "output_type",
        "quantization_config",
        "renorm",
        "renorm_clipping",
        "renorm_momentum",
        "rms_scaling",
        "score_mode",
        "seed",
        "synchronized",
        "tensor",
        "tensor_indices",
        "time_major",
        "truncate_gradient",
        "unroll",
        "vocab_size",
        "vocabulary_dtype",
        "vocabulary_size",
        "virtual_batch_size",
        "zero_output_for_mask",
        # optimizers
        "decay",
        "schedule_decay",
        "is_legacy_optimizer",
        "jit_compile",
        "m",
        "dynamic",
        "gradient_transformers",
        "loss_scale",
        "optimizer",
        "experimental_aggregate_gradients",
        # callbacks
        "batch_size",
        "epsilon",
        "embeddings_layer_names",
        "embeddings_data",
        "load_weights_on_restart",
        "options",
        "period",
        "profile_range",
        "save_before_preemption",
        "stateful_metrics",
        "count_mode",
        "write_grads",
        "write_images",
        # compile, fit, evaluate and predict
        "class_mode",
        "distribute",
        "experimental_run_tf_function",
        "experimental_steps_per_execution",
        "from_serialized",
        "max_q_size",
        "max_queue_size",
        "nb_val_samples",
        "nb_worker",
        "options",
        "pickle_safe",
        "pss_evaluation_shards",
        "sample_weight_mode",
        "samples_per_epoch",
        "sess",
        "show_accuracy",
        "target_tensors",
        "use_legacy_format",
        "use_legacy_optimizer",
        "use_multiprocessing",
        "validation_batch_size",
        "workers",
    )
)
"""Names that some older Keras took in these calls: another rule's, or fine where that Keras runs."""


_OF_ANY_CONVOLUTION = frozenset(("kernel_initializer", "kernel_regularizer", "kernel_constraint"))
"""What Keras 2's separable and depthwise convolutions took from their base class."""


class InvalidArgument(Rule):
    """An argument that no version of Keras knows."""

    code = "SCR853"
    name = "invalid-argument"
    severity = Severity.ERROR
    confidence = Confidence.HIGH
    matters_in_tests = True
    summary = "an argument that the call does not have in any version of Keras"
    why = "Python stops at this call with a TypeError or ValueError: the argument does not exist."
    how = "Correct the spelling, or set this where it belongs: the call's documentation lists its arguments."
    references = (Reference("Keras API reference", "https://keras.io/api/"),)
    false_alarms = "An argument that a version of Keras newer than this rule has added."
    bad = (
        Example(
            "A spelling mistake",
            """
            from keras import layers

            layer = layers.Dense(64, »activaton«="relu")
            """,
            """
            from keras import layers

            layer = layers.Dense(64, activation="relu")
            """,
        ),
        Example(
            "The batch size belongs to fit, by another name",
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=10, »batchsize«=32)
            """,
            """
            import keras

            model = keras.Sequential([keras.layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, y, epochs=10, batch_size=32)
            """,
        ),
    )
    good = (
        Example(
            "A class behind a variable, which a caller may choose",
            """
            import keras

            def block(x, norm_layer=keras.layers.BatchNormalization):
                return norm_layer(dim=x.shape[-1])(x)
            """,
        ),
        Example(
            "What every layer takes",
            """
            from keras import layers

            layer = layers.Dense(64, name="hidden", dtype="float32", input_shape=(20,))
            """,
        ),
        Example(
            "What another version of Keras takes",
            """
            from keras import layers

            layer = layers.LSTM(64, implementation=2)
            """,
        ),
        Example(
            "A model's own fit",
            """
            import keras

            class Trained(keras.Model):
                def fit(self, x, y, rounds):
                    return super().fit(x, y, epochs=rounds)

            model = Trained()
            model.fit(x, y, rounds=10)
            """,
        ),
    )

    def check_program(self, program: Program) -> Iterator[Report]:
        """Report each keyword of a checked call that is in no signature."""
        for call, keyword in _invalid(program):
            near = _nearest(call, keyword)
            hint = f"; the nearest that it has is {near}=" if near else ""
            yield Report(
                place=keyword.place,
                message=f"The call of {call.words} has no argument {keyword.name}={hint}.",
                recipe=f"{near}={keyword.value.text}" if near else "",
            )

    def fix(self, program: Program, finding: Finding) -> Fix | None:
        """Write the nearest name, where there is one."""
        for call, keyword in _invalid(program):
            near = _nearest(call, keyword)
            if near is not None and program.range_of(keyword.place) == finding.range:
                return Fix(
                    f"Write {near} for {keyword.name}",
                    Applicability.UNSAFE,
                    (fixes.replace(program, keyword.place, near),),
                )
        return None


def _invalid(program: Program) -> Iterator[tuple[KerasCall, Keyword]]:
    for call in keywords.keras_calls(program, _is_odd, _with_unknown):
        unknown = _unknown(call)
        if unknown and _is_written(program, call):
            yield from ((call, keyword) for keyword in unknown)


def _is_odd(call: Call) -> bool:
    keras_call = keywords.of_function(call)
    return keras_call is not None and bool(_unknown(keras_call))


def _with_unknown(_: Program, call: KerasCall) -> Iterator[KerasCall]:
    if _unknown(call):
        yield call


@once
def _unknown(call: KerasCall) -> tuple[Keyword, ...]:
    """The keywords that are in no signature, where the call takes no others than those."""
    if not call.name.startswith(_CHECKED) or not call.parameters or "kwargs" in call.parameters:
        return ()
    if all(each in call.parameters for each in keywords.written_in(call)):
        return ()
    inherited = _inherited(call)
    return tuple(
        keyword
        for keyword in keywords.keywords_of(call)
        if call.name not in _TAKE_ANYTHING
        and keyword.name not in call.parameters
        and keyword.name not in inherited
        and keyword.name not in _OF_SOME_TIME
        and keyword.name not in LEGACY_PARAMETERS
        and not keyword.name.startswith("_")
        and not keyword.name.endswith("_layout")  # DTensor, in some TensorFlow 2
    )


def _is_written(program: Program, call: KerasCall) -> bool:
    """Whether what is called is written out, not a variable (`norm_layer`, `conv_op`) that may hold another class."""
    function = call.place.node.func if isinstance(call.place.node, cst.Call) else None
    if isinstance(function, cst.Attribute):
        return function.attr.value[0].isupper() == call.words[0].isupper()
    if not isinstance(function, cst.Name):
        return False
    return function.value in program.imports.names or function.value[0].isupper() == call.words[0].isupper()


def _inherited(call: KerasCall) -> frozenset[str]:
    """What the base class of what is made takes."""
    if call.name.startswith("keras.layers."):
        older = _OF_ANY_CONVOLUTION if call.words.startswith(("Separable", "Depthwise")) else frozenset()
        made = signatures().get(f"keras.layers.{call.words.capitalize()}", ())  # dot(...) makes a Dot and applies it
        return _OF_EVERY_LAYER | older | frozenset(made)
    if call.name.startswith("keras.optimizers."):
        return _OF_EVERY_OPTIMIZER | {"name"}
    return frozenset()


def _nearest(call: KerasCall, keyword: Keyword) -> str | None:
    near = closest(keyword.name, call.parameters, 0.75)
    return near[0] if near else None
