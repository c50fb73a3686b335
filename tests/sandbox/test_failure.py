"""The pure classifier says what a call's end means."""

import json

import pytest

from toolguild.capability import Limits
from toolguild.sandbox import frames
from toolguild.sandbox.failure import End, Stop, classify
from toolguild.sandbox.interface import Code

_NONCE = b"n" * 16
_CODE = Code("python", "def run():\n    x = 1\n    return y\n", "run")
_LIMITS = Limits(cpu_seconds=2, memory_mb=100)


def _answer(*sent: tuple[bytes, bytes]) -> frames.Answer:
    answer = frames.Answer(_NONCE, 1000, 1000)
    answer.feed(b"R" + b"".join(_frame(kind, body) for kind, body in sent))
    return answer


def _frame(kind: bytes, body: bytes, nonce: bytes = _NONCE) -> bytes:
    return nonce + kind + len(body).to_bytes(8, "little") + body


def _fault(type: str, errno: int | None = None, line: int = 3) -> bytes:
    told = {"type": type, "message": "m", "frames": [["<tool>", line, "run"]], "errno": errno}
    return json.dumps(told).encode()


_END = (b"Z", b"")


def test_a_value_that_arrived_whole_is_ok() -> None:
    end = End(_LIMITS, None, _answer((b"V", b'{"a": [1]}'), _END))
    assert classify(end, _CODE) == ("ok", {"a": [1]}, None)


def test_a_value_without_an_end_is_none() -> None:
    end = End(_LIMITS, None, _answer((b"V", b"1")), signal=9)
    outcome, value, fault = classify(end, _CODE)
    assert (outcome, value) == ("exited", None)
    assert fault is not None
    assert fault.type == "SIGKILL"


@pytest.mark.parametrize(
    ("type", "errno", "outcome"),
    [
        ("NameError", None, "error"),
        ("MemoryError", None, "memory"),
        ("_ArrayMemoryError", None, "memory"),
        ("OSError", 28, "disk"),
        ("OSError", 2, "error"),
        ("SystemExit", None, "exited"),
    ],
)
def test_an_exception_names_its_outcome_and_its_line(
    type: str, errno: int | None, outcome: str
) -> None:
    end = End(_LIMITS, None, _answer((b"E", _fault(type, errno)), _END))
    seen, _, fault = classify(end, _CODE)
    assert seen == outcome
    assert fault is not None
    assert (fault.line, fault.source_line, fault.type) == (3, "return y", type)
    assert fault.traceback.splitlines() == [
        '  File "<tool>", line 3, in run',
        "    return y",
        f"{type}: m",
    ]


def test_a_line_that_the_source_does_not_have_is_not_shown() -> None:
    end = End(_LIMITS, None, _answer((b"E", _fault("NameError", line=99999)), _END))
    _, _, fault = classify(end, _CODE)
    assert fault is not None
    assert (fault.line, fault.source_line) == (None, None)


@pytest.mark.parametrize(
    ("stopped", "outcome"),
    [
        ("wall", "timeout"),
        ("cpu", "timeout"),
        ("memory", "memory"),
        ("printed", "printed"),
        ("result", "result"),
        ("disk", "disk"),
        ("forged", "forged"),
        ("closed", "killed"),
    ],
)
def test_what_the_supervisor_stopped_is_told_even_with_an_answer_there(
    stopped: Stop, outcome: str
) -> None:
    end = End(_LIMITS, stopped, _answer((b"V", b"1"), _END))
    seen, value, fault = classify(end, _CODE)
    assert (seen, value) == (outcome, None)
    assert fault is not None
    assert fault.kind == outcome


@pytest.mark.parametrize(
    ("signal", "cpu", "peak", "kills", "outcome"),
    [
        (9, 1.9, 10, 0, "timeout"),
        (24, 2.0, 10, 0, "timeout"),
        (9, 0.1, 10, 0, "exited"),
        (9, 1.9, 10, 1, "memory"),
        (6, 0.1, 90, 0, "memory"),
        (6, 0.1, 10, 0, "exited"),
        (11, 0.1, 10, 0, "exited"),
    ],
)
def test_a_signal_is_read_with_what_was_used(
    signal: int, cpu: float, peak: float, kills: int, outcome: str
) -> None:
    end = End(_LIMITS, None, _answer(), signal, 0, cpu, peak, kills)
    assert classify(end, _CODE)[0] == outcome


def test_an_exit_without_an_answer_says_its_status() -> None:
    _, _, fault = classify(End(_LIMITS, None, _answer(), status=3), _CODE)
    assert fault is not None
    assert "status 3" in fault.message


@pytest.mark.parametrize(
    "raw", [b"NaN", b"[Infinity]", b"{nope", b"[" * 100_000, b'"\\ud800"', b"\xff"]
)
def test_a_value_that_is_no_json_is_forged(raw: bytes) -> None:
    answer = frames.Answer(_NONCE, 1 << 20, 1000)
    answer.feed(b"R" + _frame(b"V", raw) + _frame(*_END))
    assert classify(End(_LIMITS, None, answer), _CODE)[0] == "forged"


@pytest.mark.parametrize(
    "raw", [b"[]", b"{}", b'{"type": 1, "message": 2, "frames": [[1]], "errno": 3}', b"[" * 50_000]
)
def test_a_fault_that_the_harness_would_not_write_is_forged(raw: bytes) -> None:
    assert classify(End(_LIMITS, None, _answer((b"E", raw), _END)), _CODE)[0] == "forged"


def test_garbage_that_broke_off_is_forged_and_half_a_nonce_is_not() -> None:
    answer = _answer()
    answer.feed(_NONCE[:5])
    assert classify(End(_LIMITS, None, answer), _CODE)[0] == "exited"
    with pytest.raises(frames.Forged):
        _answer().feed(b"x")


@pytest.mark.parametrize(
    "stream",
    [
        b"x",
        b"R" + _frame(b"V", b"1", nonce=b"m" * 16),
        b"R" + _frame(b"Q", b"1"),
        b"R" + _frame(b"V", b"1") * 2,
        b"R" + _frame(b"F", b"1"),
        b"R" + _frame(b"V", b"1") + _frame(b"N", b"../x"),
        b"R" + _frame(b"V", b"1") + _frame(b"N", b"/x"),
        b"R" + _frame(b"V", b"1") + _frame(b"N", b"a//b"),
        b"R" + _frame(b"V", b"1") + _frame(b"N", b"a") + _frame(b"Z", b""),
        b"R" + _frame(b"V", b"1") + (_frame(b"N", b"a") + _frame(b"F", b"1")) * 2,
        b"R" + _frame(b"V", b"1") + _frame(b"Z", b"") + b"more",
        b"R" + _NONCE + b"Z" + (1 << 40).to_bytes(8, "little"),
        b"R" + _NONCE + b"E" + (1 << 40).to_bytes(8, "little"),
    ],
)
def test_frames_out_of_order_or_form_are_refused(stream: bytes) -> None:
    with pytest.raises(frames.Forged):
        frames.Answer(_NONCE, 1000, 1000).feed(stream)


@pytest.mark.parametrize("kind", [b"V", b"F"])
def test_a_length_over_the_limit_is_refused_before_its_bytes_arrive(kind: bytes) -> None:
    answer = frames.Answer(_NONCE, 1000, 1000)
    if kind == b"F":
        answer.feed(b"R" + _frame(b"V", b"1") + _frame(b"N", b"a"))
    with pytest.raises(frames.TooLong) as told:
        answer.feed(
            (b"" if kind == b"F" else b"R") + _NONCE + kind + (1 << 62).to_bytes(8, "little")
        )
    assert told.value.what == {b"V": "result", b"F": "disk"}[kind]


def test_an_answer_may_come_byte_by_byte() -> None:
    answer = frames.Answer(_NONCE, 1000, 1000)
    for byte in (
        b"R" + _frame(b"V", b"1") + _frame(b"N", b"d/a") + _frame(b"F", b"xy") + _frame(*_END)
    ):
        answer.feed(bytes([byte]))
    assert answer.ended
    assert answer.files == {"d/a": b"xy"}


@pytest.mark.parametrize("name", [b"a\nb", b"\x1b[2J", b"\xff\xfe", "\u202egpj".encode()])
def test_a_file_name_that_cannot_be_handed_on_is_an_error_of_the_tool(name: bytes) -> None:
    answer = _answer((b"V", b"1"), (b"N", name), (b"F", b"x"), _END)
    outcome, value, fault = classify(End(_LIMITS, None, answer), _CODE)
    assert (outcome, value) == ("error", None)
    assert fault is not None
    assert fault.type == "FileName"
    assert fault.message.isascii()


def test_more_files_than_there_may_be_are_too_much_disk() -> None:
    with pytest.raises(frames.TooLong, match="disk"):
        _answer(
            (b"V", b"1"),
            *((k, b) for n in range(4097) for k, b in ((b"N", b"%d" % n), (b"F", b""))),
        )


@pytest.mark.parametrize("raw", [b"1e999", b"[-1E+400]", b"9" * 400 + b".0"])
def test_a_number_that_is_none_is_forged(raw: bytes) -> None:
    assert classify(End(_LIMITS, None, _answer((b"V", raw), _END)), _CODE)[0] == "forged"


def test_large_numbers_and_words_like_them_are_values() -> None:
    for raw, value in ((b"1e300", 1e300), (b'"1e999"', "1e999"), (b"9" * 400, int("9" * 400))):
        assert classify(End(_LIMITS, None, _answer((b"V", raw), _END)), _CODE)[:2] == ("ok", value)
