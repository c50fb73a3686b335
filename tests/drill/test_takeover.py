"""How long messages lay in dead hands."""

from toolguild.drill.report import Seconds
from toolguild.drill.strikes import Strike
from toolguild.drill.takeover import Sign, takeovers
from toolguild.drill.tap import sign_of

RUN = "executor-run"
SERVICES = frozenset({"executor", "planner"})


def sign(at: float, what: str, consumer: str = RUN, sequence: int = 1) -> Sign:
    return Sign(at, consumer, "W", sequence, what)  # type: ignore[arg-type]  # a table of words


def kill(at: float, service: str = "executor") -> Strike:
    return Strike(at, "kill", service, f"{service}-1", 1)


def seconds(signs: list[Sign], *strikes: Strike) -> list[float]:
    return [round(one.seconds, 3) for one in takeovers(signs, strikes)]


def test_it_counts_from_the_kill_to_the_next_delivery() -> None:
    assert seconds([sign(1, "delivered"), sign(7, "delivered")], kill(2)) == [5.0]


def test_a_message_that_its_holder_handled_or_handed_back_was_not_taken_over() -> None:
    for what in ("done", "handed back"):
        signs = [sign(1, "delivered"), sign(3, what), sign(7, "delivered")]
        assert seconds(signs, kill(2)) == []


def test_a_heartbeat_after_a_kill_shows_that_another_one_died() -> None:
    signs = [sign(1, "delivered"), sign(3, "alive"), sign(9, "delivered")]
    assert seconds(signs, kill(2), kill(4)) == [5.0]


def test_of_two_kills_since_the_last_sign_of_life_the_first_counts() -> None:
    signs = [sign(1, "delivered"), sign(9, "delivered")]
    assert seconds(signs, kill(4), kill(2)) == [7.0]


def test_where_the_server_died_too_its_last_death_counts_and_how_long_it_lay_is_told() -> None:
    signs = [sign(1, "delivered"), sign(11, "delivered")]
    (taken,) = takeovers(signs, [kill(2), kill(4, "nats"), kill(5, "nats"), kill(12, "nats")])

    assert (taken.seconds, taken.lying) == (6.0, 9.0)


def test_a_kill_of_another_service_has_nothing_to_do_with_it() -> None:
    assert seconds([sign(1, "delivered"), sign(7, "delivered")], kill(2, "planner")) == []


def test_a_message_can_be_taken_over_again_and_again() -> None:
    signs = [sign(1, "delivered"), sign(7, "delivered"), sign(14, "delivered")]
    assert seconds(signs, kill(2), kill(8)) == [5.0, 6.0]


def test_messages_are_told_apart() -> None:
    signs = [sign(1, "delivered"), sign(3, "delivered", sequence=2), sign(7, "delivered")]
    assert seconds(signs, kill(2)) == [5.0]


def test_the_subject_of_an_acknowledgement_says_which_message_and_whose() -> None:
    subject = "$JS.ACK.TOOLGUILD_WORK.executor-run.2.17.40.1795311999000000000.3"
    assert sign_of(subject, "delivered", 1.0, SERVICES) == Sign(
        1.0, RUN, "TOOLGUILD_WORK", 17, "delivered"
    )


def test_a_domain_and_an_account_before_the_stream_are_read_over() -> None:
    subject = "$JS.ACK.hub.abc.TOOLGUILD_WORK.executor-run.2.17.40.1795311999000000000.3.x"
    found = sign_of(subject, "done", 1.0, SERVICES)
    assert found is not None
    assert (found.consumer, found.sequence) == (RUN, 17)


def test_readers_of_the_log_and_other_subjects_are_no_agents() -> None:
    reader = "$JS.ACK.TOOLGUILD_LOG.pW3k2nQ.1.17.40.1795311999000000000.3"
    for subject in (reader, "_INBOX.abc", "", "$JS.ACK.x"):
        assert sign_of(subject, "delivered", 1.0, SERVICES) is None


def test_a_distribution_is_by_nearest_rank() -> None:
    assert Seconds.of([]) == Seconds(0.0, 0.0, 0.0)
    assert Seconds.of([float(n) for n in range(1, 101)]) == Seconds(50.0, 95.0, 100.0)
    assert Seconds.of([4.0]) == Seconds(4.0, 4.0, 4.0)
