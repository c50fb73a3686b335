"""What becomes of a message whose handler raised."""

from toolguild.errors import MAX_DELIVERIES, GiveUp, PermanentError, Retry, verdict


def test_a_bug_is_tried_again_and_then_told_as_ours_with_its_kind() -> None:
    assert isinstance(verdict(KeyError("x"), 1), Retry)
    end = verdict(KeyError("x"), MAX_DELIVERIES)
    assert isinstance(end, GiveUp)
    assert end.code == "bug"
    assert "a fault of Toolguild, not yours: KeyError: 'x'; `toolguild dead list`" in end.reason


def test_an_error_of_ours_speaks_for_itself() -> None:
    assert verdict(PermanentError("no such file"), 1) == GiveUp("failed", "no such file")
