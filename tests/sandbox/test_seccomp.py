"""The filters allow and refuse what they should, tried on a small interpreter of their own instructions."""

import struct

import pytest

from toolguild.sandbox.inside import seccomp, syscalls

_ALLOW, _KILL = 0x7FFF0000, 0x80000000


def _verdict(
    bpf: bytes, number: int, *arguments: int, architecture: int = syscalls.ARCHITECTURE
) -> int:
    """Run a filter on one system call, as the kernel would."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    program = list(struct.iter_unpack("<HBBI", bpf))
    at, accumulator = 0, 0
    while True:
        code, if_true, if_false, k = program[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, k)[0]
        elif code == 0x06:
            return int(k)
        elif code == 0x05:
            at += k
        else:
            test = {0x15: accumulator == k, 0x35: accumulator >= k, 0x45: bool(accumulator & k)}[
                code
            ]
            at += if_true if test else if_false


_OUTER = seccomp.outer_filter()
_THREADS = seccomp.child_filter(may_fork=False)
_FORKING = seccomp.child_filter(may_fork=True)
_WATCHED = seccomp.child_filter(may_fork=True, watched=True)
_NETWORK = seccomp.child_filter(may_fork=False, network=True)
_NOTIFY = 0x7FC00000


@pytest.mark.parametrize("name", syscalls.NUMBER)
def test_the_outer_filter_is_exactly_its_list(name: str) -> None:
    allowed = name in syscalls.ALLOWED or name in syscalls.TEMPLATE_ONLY
    assert (_verdict(_OUTER, syscalls.NUMBER[name]) == _ALLOW) == allowed


def test_unknown_calls_get_no_further_than_the_outer_filter() -> None:
    assert {_verdict(_OUTER, n) for n in range(448, 600)} == {0x00050000 | seccomp.ENOSYS}


@pytest.mark.parametrize("bpf", [_OUTER, _THREADS, _FORKING])
def test_other_calling_conventions_are_killed(bpf: bytes) -> None:
    assert _verdict(bpf, 0x40000000 | 39) == _KILL
    assert _verdict(bpf, 39, architecture=0x40000003) == _KILL
    assert _verdict(bpf, 39) == _ALLOW


def test_a_call_has_exactly_the_list_and_none_beyond_it() -> None:
    by_argument = {"ioctl", "fcntl", "prctl", "socketpair", "setpriority"}  # 0 may be no good one
    plain = {number for name, number in syscalls.ALLOWED.items() if name not in by_argument}
    for number in range(1024):
        allowed = _verdict(_FORKING, number) == _ALLOW
        if allowed:
            assert number in syscalls.ALLOWED.values()
        else:
            assert number not in plain
    assert _verdict(_FORKING, 0x3FFFFFFF) == 0x00050000 | seccomp.ENOSYS


@pytest.mark.parametrize("name", [*syscalls.TEMPLATE_ONLY, *syscalls.NEVER])
def test_a_child_loses_what_builds_walls_or_hides_memory(name: str) -> None:
    for bpf in (_THREADS, _FORKING, _WATCHED):
        assert _verdict(bpf, syscalls.NUMBER[name]) & 0xFFFF0000 == 0x00050000


def test_without_a_grant_only_threads_can_be_made() -> None:
    thread, process, namespace = 0x3D0F00, 0x1200011, 0x10000011
    clone = syscalls.NUMBER["clone"]
    assert _verdict(_THREADS, clone, thread) == _ALLOW
    assert _verdict(_THREADS, clone, process) != _ALLOW
    assert _verdict(_FORKING, clone, process) == _ALLOW
    assert _verdict(_FORKING, clone, namespace) != _ALLOW
    for name in ("fork", "vfork", "execve"):
        assert _verdict(_THREADS, syscalls.NUMBER[name]) != _ALLOW
        assert _verdict(_FORKING, syscalls.NUMBER[name]) == _ALLOW


def test_one_prepared_execve_is_let_through_and_no_other() -> None:
    where = (0x7F00_1111_2222, 0x7F00_3333_4444, 0x7F00_5555_6666)
    bpf = seccomp.child_filter(may_fork=False, exec_at=where)
    execve = syscalls.NUMBER["execve"]
    assert _verdict(bpf, execve, *where) == _ALLOW
    for index in range(3):
        for change in (1, 1 << 33):
            other = [p + change * (i == index) for i, p in enumerate(where)]
            assert _verdict(bpf, execve, *other) != _ALLOW


def test_programs_are_held_until_the_supervisor_has_seen_them() -> None:
    for name, number in syscalls.NUMBER.items():
        seen = _verdict(_WATCHED, number)
        assert seen == (_NOTIFY if name == "execve" else _verdict(_FORKING, number))


_BY_ARGUMENT = {  # call: the argument that decides, what passes, what does not
    "clone": (0, (0x3D0F00, 0x4111, 0x1200011), (0x8011, 0x2011, 0x800011, 0x10000011, 0x2020011)),
    "ioctl": (1, (0x5401, 0x541B, 0x5421), (0x5412, 0x541C, 0x40049409, 0x5480, 0x8912, 0)),
    "fcntl": (1, (0, 2, 3, 6, 1030), (1024, 1026, 1031, 1033, 8, 10, 15)),
    "prctl": (0, (15, 38, 0x53564D41), (1, 4, 8, 22, 24, 28, 35, 36, 41, 53, 59, 62)),
    "socketpair": (0, (1,), (2, 10, 16, 30, 40)),
    "prlimit64": (0, (0,), (1, 2, 77)),
    "sched_setaffinity": (0, (0,), (1, 2, 77)),
    "setpriority": (1, (0,), (1, 2, 77)),
}


@pytest.mark.parametrize("name", _BY_ARGUMENT)
@pytest.mark.parametrize("bpf", [_FORKING, _NETWORK], ids=["programs", "network"])
def test_what_takes_a_command_takes_those_on_the_list_only(name: str, bpf: bytes) -> None:
    at, good, bad = _BY_ARGUMENT[name]
    number = syscalls.NUMBER[name]
    for value in good:
        fit = name != "clone" or bpf is _FORKING or value & 0x10000
        assert (_verdict(bpf, number, *[0] * at, value) == _ALLOW) == bool(fit)
    for value in bad:
        assert _verdict(bpf, number, *[0] * at, value) != _ALLOW


def test_priorities_of_groups_and_users_stay_as_they_are() -> None:
    for which in (1, 2):
        assert _verdict(_FORKING, syscalls.NUMBER["setpriority"], which, 0) != _ALLOW


def test_the_upper_half_of_a_command_changes_nothing() -> None:
    for name in ("ioctl", "fcntl"):
        number = syscalls.NUMBER[name]
        for value in (0x5412, 1031):
            assert _verdict(_FORKING, number, 0, value | 7 << 32) != _ALLOW


def test_nothing_can_type_into_a_terminal() -> None:
    ioctl = syscalls.NUMBER["ioctl"]
    assert _verdict(_OUTER, ioctl, 1, 0x5412) != _ALLOW
    assert _verdict(_OUTER, ioctl, 1, 0x541C) != _ALLOW
    assert _verdict(_OUTER, ioctl, 1, 0x5413) == _ALLOW


def test_the_docker_profile_allows_the_same_calls() -> None:
    profile = seccomp.outer_profile()
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    rules = profile["syscalls"]
    assert isinstance(rules, list)
    assert set(rules[0]["names"]) == {*syscalls.ALLOWED, *syscalls.TEMPLATE_ONLY}


_STREAM, _DATAGRAM, _FLAGS = 1, 2, 0x80800


@pytest.mark.parametrize("flags", [0, 0x800, 0x80000, _FLAGS])
def test_with_a_network_tcp_over_ipv4_is_all_that_opens(flags: int) -> None:
    number = syscalls.NUMBER["socket"]
    for protocol in (0, 6):
        assert _verdict(_NETWORK, number, 2, _STREAM | flags, protocol) == _ALLOW
    for wrong in ((1, _STREAM, 0), (2, _DATAGRAM, 0), (2, 3, 1), (10, _STREAM, 0), (16, 3, 0)):
        assert _verdict(_NETWORK, number, wrong[0], wrong[1] | flags, wrong[2]) != _ALLOW
    for protocol in (1, 17, 132, 262):
        assert _verdict(_NETWORK, number, 2, _STREAM | flags, protocol) != _ALLOW
    assert _verdict(_NETWORK, syscalls.NUMBER["connect"], 3) == _ALLOW


def test_a_network_opens_nothing_but_sockets_that_connect() -> None:
    opened = {
        name
        for name, number in syscalls.NUMBER.items()
        if _verdict(_NETWORK, number) == _ALLOW and _verdict(_THREADS, number) != _ALLOW
    }
    assert opened == {"connect"}  # and socket, by its arguments


def test_options_that_make_buffers_larger_stay_closed() -> None:
    number = syscalls.NUMBER["setsockopt"]
    for level, name in ((6, 1), (6, 4), (6, 5), (6, 6), (1, 9)):
        assert _verdict(_NETWORK, number, 3, level, name) == _ALLOW
    for level, name in ((1, 7), (1, 8), (1, 25), (1, 36), (6, 31), (6, 9), (0, 1), (41, 1)):
        assert _verdict(_NETWORK, number, 3, level, name) == 0x00050000 | seccomp.ENOPROTOOPT


def test_only_a_sandbox_with_a_network_may_listen_before_the_tool_is_there() -> None:
    with_network = seccomp.outer_filter(network=True)
    for name, number in syscalls.NUMBER.items():
        same = _verdict(with_network, number) == _verdict(_OUTER, number)
        assert same == (name not in ("bind", "listen"))
    for name in ("bind", "listen", "accept", "accept4"):
        assert _verdict(_NETWORK, syscalls.NUMBER[name]) != _ALLOW
    rules = seccomp.outer_profile(network=True)["syscalls"]
    assert isinstance(rules, list)
    added = {*rules[0]["names"]} - {*syscalls.ALLOWED, *syscalls.TEMPLATE_ONLY}
    assert added == {"bind", "listen"}
