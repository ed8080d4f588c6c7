from scram_analyzers.rules.evaluation.overfitting import Overfitting
from scram_analyzers.run.history import RunHistory
from scram_analyzers.run.records import EpochRecord, RunInfo, SubjectKind


def reports(callbacks=()):
    history = RunHistory(RunInfo(run="r", script="/p/train.py", started="", callbacks=callbacks))
    for epoch, (loss, val_loss) in enumerate([(0.6, 0.5), (0.3, 0.4), (0.2, 0.5), (0.1, 0.6), (0.05, 0.7)], 1):
        logs = (("loss", loss), ("val_loss", val_loss), ("accuracy", 0.99), ("val_accuracy", 0.8))
        history.add_epoch(EpochRecord(epoch, epoch * 10, logs))
    return list(Overfitting().check_run(history))


def test_overfitting_is_put_on_the_fit_call():
    (report,) = reports()
    assert report.subject.kind is SubjectKind.FIT
    assert (report.epoch, report.step) == (5, 50)
    assert report.message.startswith("The model overfits: the validation loss rose from 0.4 (epoch 2) to 0.7")


def test_early_stopping_is_the_answer_already():
    assert reports(("EarlyStopping",)) == []
