"""What a tool may do is what task, manifest and operator all allow, field by field."""

from hypothesis import given
from hypothesis import strategies as st

from toolguild.capability import Capabilities, Limits
from toolguild.globs import matches

NAMES = st.sets(st.sampled_from(["a", "b", "c", "*"])).map(tuple)
HOSTS = st.sets(
    st.sampled_from(
        ["*", "a.example:80", "A.example:80", "10.0.0.1:80", "localhost:80", "1.1.1.1:53"]
    )
).map(tuple)
GLOBS = st.sets(st.sampled_from(["*", "*.csv", "a*", "a.csv", "b.txt"])).map(tuple)
ANY = st.builds(
    Capabilities,
    imports=NAMES,
    read=GLOBS,
    write=GLOBS,
    hosts=HOSTS,
    programs=NAMES,
    credentials=NAMES,
    limits=st.builds(Limits, wall_seconds=st.integers(1, 9), processes=st.integers(1, 4)),
)


@given(ANY, ANY)
def test_a_meet_lies_within_both_sides_whichever_comes_first(
    one: Capabilities, other: Capabilities
) -> None:
    assert one.meet(other).beyond(one) == ()
    assert one.meet(other).beyond(other) == ()
    assert one.meet(other).beyond(other.meet(one)) == ()


@given(ANY, ANY)
def test_what_both_sides_allow_is_in_the_meet(one: Capabilities, other: Capabilities) -> None:
    both = one.meet(other)
    for name in ("a.csv", "b.csv", "b.txt", "ab"):
        assert matches(name, both.read) == (matches(name, one.read) and matches(name, other.read))
    for program in "abc":
        granted = [{program, "*"} & set(side.programs) for side in (one, other, both)]
        assert bool(granted[2]) == (bool(granted[0]) and bool(granted[1]))


@given(ANY)
def test_nothing_meets_nothing_and_a_side_meets_itself(one: Capabilities) -> None:
    nothing = Capabilities(limits=one.limits)
    assert one.meet(nothing) == nothing
    assert one.beyond(one) == ()


def test_a_star_of_hosts_never_meets_a_private_one() -> None:
    everything = Capabilities(hosts=("*",))
    wanted = (
        "127.0.0.1:4222",
        "localhost:80",
        "10.1.2.3:80",
        "169.254.169.254:80",
        "a.example:443",
    )
    asked = Capabilities(hosts=wanted)
    assert asked.meet(everything).hosts == ("a.example:443",)
    assert everything.meet(asked).hosts == ("a.example:443",)
    assert len(asked.beyond(everything)) == 4
    listed = Capabilities(hosts=("*", "127.0.0.1:4222"))
    assert asked.meet(listed).hosts == ("127.0.0.1:4222", "a.example:443")


def test_hosts_meet_in_whatever_spelling() -> None:
    one, other = (
        Capabilities(hosts=("API.Example.com:443",)),
        Capabilities(hosts=("api.example.com:443",)),
    )
    assert one.beyond(other) == ()
    assert len(one.meet(other).hosts) == 1


def test_credentials_are_left_out_of_a_digest_where_there_are_none() -> None:
    assert "credentials" not in Capabilities().model_dump()
    assert Capabilities(credentials=("weather",)).model_dump()["credentials"] == ("weather",)
