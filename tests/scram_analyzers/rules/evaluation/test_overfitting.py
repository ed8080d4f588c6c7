from scram_analyzers.findings import Severity
from scram_analyzers.rules.evaluation.overfitting import Overfitting
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import EpochRecord, RunInfo, SubjectKind

ROSE = ((0.6, 0.5, 0.8), (0.3, 0.4, 0.8), (0.2, 0.5, 0.8), (0.1, 0.6, 0.8), (0.05, 0.7, 0.8))


def reports(callbacks=(), epochs=ROSE):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started="", callbacks=callbacks))
    for epoch, (loss, val_loss, val_accuracy) in enumerate(epochs, 1):
        logs = (("loss", loss), ("val_loss", val_loss), ("accuracy", 0.99), ("val_accuracy", val_accuracy))
        history.add_epoch(EpochRecord(epoch, epoch * 10, logs))
    return list(Overfitting().check_run(history))


def test_overfitting_is_put_on_the_fit_call():
    (report,) = reports()
    assert report.subject.kind is SubjectKind.FIT
    assert (report.epoch, report.step) == (5, 50)
    assert report.message.startswith("The model overfits: the validation loss rose from 0.4 (epoch 2) to 0.7")


def test_early_stopping_is_the_answer_already():
    assert reports(("EarlyStopping",)) == []


def test_a_small_rise_is_for_information_while_answers_are_as_good_as_ever():
    def severity(val_loss, val_accuracy):
        start = ((0.6, 0.5, 0.7), (0.3, 0.4, 0.85))
        rising = [(0.2 - 0.05 * step, 0.43 + step * (val_loss - 0.43) / 2, val_accuracy) for step in range(3)]
        (report,) = reports(epochs=(*start, *rising))
        return report.severity

    assert severity(0.46, 0.845) is Severity.INFO
    assert severity(0.46, 0.83) is None
    assert severity(0.5, 0.85) is None
