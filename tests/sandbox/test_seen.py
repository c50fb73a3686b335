"""What a call did is seen from outside of it: files, programs, processes."""

from toolguild.sandbox.interface import MOST_NAMES, Seen


def test_what_either_saw_is_joined() -> None:
    one = Seen(read=("a",), written=("x",), programs=("sh",), hosts=("h:1",), processes=2)
    two = Seen(read=("b", "a"), written=None, programs=None, hosts=("g:1",), processes=None)
    both = Seen(("a", "b"), ("x",), ("sh",), ("g:1", "h:1"), 2)
    assert one.join(two) == both == two.join(one)


def test_where_neither_could_look_nothing_is_claimed() -> None:
    blind = Seen(read=None, written=None, programs=None, processes=None)
    assert blind.join(blind) == blind


def test_names_that_travel_in_messages_are_few() -> None:
    many = Seen(read=tuple(f"{n:04}" for n in range(MOST_NAMES)))
    assert len((many.join(Seen(read=("a", "b"))).read) or ()) == MOST_NAMES
