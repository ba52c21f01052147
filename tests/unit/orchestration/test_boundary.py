"""What leaves a task: retried or not, one coded sentence, no value of a delivery."""

import pytest
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
)

from shuyuan.orchestration.boundary import coded
from shuyuan.orchestration.tasks import RAREST, pause_before_next_look
from shuyuan.problems import DeliveryError, EntryError, NotYetDelivered, PassingError, PlatformError
from shuyuan.stages import Fault

SECRET = "159901199001010011"


def leave(error, workdir=None):
    with pytest.raises(AirflowException) as raised, coded(workdir):
        raise error
    return raised.value


@pytest.mark.parametrize("kind", [DeliveryError, EntryError, PlatformError, NotYetDelivered])
def test_what_trying_again_cannot_mend_is_not_retried(kind):
    assert isinstance(leave(kind("P412", entry="a.b", status="draft")), AirflowFailException)


def test_a_passing_fault_is_retried():
    error = leave(PassingError("P416", connection="x"))
    assert type(error) is AirflowException
    assert "P416" in str(error)


def test_a_foreign_exception_tells_its_type_and_place_and_no_value():
    error = leave(ValueError(f"bad row: {SECRET}"))
    assert isinstance(error, AirflowFailException)
    assert "P401" in str(error)
    assert "ValueError" in str(error)
    assert SECRET not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize("error", [AirflowSkipException("x"), AirflowRescheduleException(None)])
def test_airflows_own_exceptions_pass(error, tmp_path):
    assert leave(error, tmp_path) is error
    assert Fault.find(tmp_path) is None


def test_a_problem_that_no_stage_has_written_is_written_for_the_record(tmp_path):
    leave(PlatformError("P412", entry="a.b", status="suspended"), tmp_path)
    assert Fault.read(tmp_path).code == "P412"


def test_what_a_stage_has_written_stays(tmp_path):
    Fault(code="D603", text="x", outcome="blocked").save(tmp_path)
    leave(PlatformError("P412", entry="", status=""), tmp_path)
    assert Fault.read(tmp_path).code == "D603"


def test_looks_grow_rarer_while_nothing_is_there():
    from datetime import timedelta

    nothing = NotYetDelivered("D101", path="/x", retry_after=60)
    pauses = [pause_before_next_look(nothing, timedelta(minutes=m)) for m in (0, 5, 30, 120, 600)]
    assert pauses == [timedelta(minutes=m) for m in (1, 1, 3, 12)] + [RAREST]


def test_a_delivery_that_is_arriving_is_looked_at_as_soon_as_it_can_be_ready():
    from datetime import timedelta

    arriving = NotYetDelivered("D102", path="/x", size=1, retry_after=3)
    assert pause_before_next_look(arriving, timedelta(hours=5)) == timedelta(seconds=3)
