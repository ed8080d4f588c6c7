"""Works that several rules come from."""

from __future__ import annotations

from scram_analyzers.rules.base import Reference

AUTO_TRAINER = Reference("AutoTrainer (ICSE 2021)", "https://doi.org/10.1109/ICSE43902.2021.00043")
DEEP_CHECKS = Reference("deepchecks: tabular checks", "https://docs.deepchecks.com/")
DEEP_LEARNING_BOOK = Reference("Goodfellow, Bengio, Courville: Deep Learning", "https://www.deeplearningbook.org/")
GLOROT = Reference(
    "Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010)",
    "https://proceedings.mlr.press/v9/glorot10a.html",
)
HE = Reference("He et al.: Delving Deep into Rectifiers (ICCV 2015)", "https://arxiv.org/abs/1502.01852")
RECIPE = Reference("Karpathy: A Recipe for Training Neural Networks", "https://karpathy.github.io/2019/04/25/recipe/")
SAGEMAKER = Reference(
    "Amazon SageMaker Debugger: built-in rules",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/debugger-built-in-rules.html",
)
THE_DEEP_CHECKER = Reference("TheDeepChecker", "https://arxiv.org/abs/2204.00694")
TUNING_PLAYBOOK = Reference(
    "Google: Deep Learning Tuning Playbook", "https://github.com/google-research/tuning_playbook"
)
VALIDATING_DATA = Reference("TensorFlow Data Validation", "https://www.tensorflow.org/tfx/data_validation/get_started")
