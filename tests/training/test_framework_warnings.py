import logging
import warnings

import pytest

from scram_lsp.training.framework_warnings import WarningEar


@pytest.fixture
def shown():
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: found.append(str(message))
        yield found


@pytest.fixture
def heard(shown):
    found = []
    ear = WarningEar(lambda message, category: found.append((message, category)))
    ear.open()
    yield found
    ear.close()


def warn_from(module, message):
    exec("import warnings\nwarnings.warn(message, UserWarning, stacklevel=2)", {"__name__": module, "message": message})


def test_a_warning_of_keras_is_heard_and_still_shown(heard, shown):
    warn_from("keras.src.trainers", "Your input ran out of data")
    assert heard == [("Your input ran out of data", "UserWarning")]
    assert shown == ["Your input ran out of data"]


def test_other_peoples_warnings_are_their_own(heard, shown):
    warn_from("users_module", "mine")
    assert (heard, shown) == ([], ["mine"])


def test_what_a_backend_logs_is_heard_and_its_handlers_stay(monkeypatch):
    found, logger, handler = [], logging.getLogger("tensorflow"), logging.NullHandler()
    monkeypatch.setattr(logger, "handlers", [handler])
    ear = WarningEar(lambda message, category: found.append(message))
    ear.open()
    logger.warning("%d retraces", 5)
    ear.close()
    logger.warning("later")
    assert found == ["5 retraces"]
    assert logger.handlers == [handler]


def test_closing_leaves_what_others_put_there():
    before = warnings.showwarning
    ear = WarningEar(lambda *_: None)
    ear.open()
    ear.close()
    assert warnings.showwarning is before
    ear.open()
    warnings.showwarning = other = lambda *_: None
    ear.close()
    assert warnings.showwarning is other
    warnings.showwarning = before


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2, 1)])
def test_runs_that_overlap_leave_nothing_behind(order):
    before = warnings.showwarning
    ears = [WarningEar(lambda *_: None) for _ in order]
    for ear in ears:
        ear.open()
    for number in order:
        ears[number].close()
    assert warnings.showwarning is before


def test_a_log_line_whose_arguments_do_not_fit_is_its_writers_matter(monkeypatch):
    found, logger = [], logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "handlers", [logging.NullHandler()])
    monkeypatch.setattr(logger, "propagate", False)
    ear = WarningEar(lambda message, category: found.append(message))
    ear.open()
    logger.warning("%d retraces", "many")
    ear.close()
    assert found == []


def test_what_others_have_kept_of_it_hears_nothing_any_more(shown):
    found = []
    ear = WarningEar(lambda message, category: found.append(message))
    ear.open()
    kept = warnings.showwarning
    ear.close()
    warnings.showwarning = kept
    warn_from("keras.src.trainers", "later")
    assert (found, shown) == ([], ["later"])
