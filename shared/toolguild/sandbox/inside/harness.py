"""Runs one tool inside a locked child and answers on the channel.

It shares its process with hostile code. So nothing it says is believed outside: an answer is only what
the tool claims to have returned, and the supervisor measures, caps and judges everything itself.
"""

import json
import os
import struct
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from . import outputs
from .child import CHANNEL, OUTPUT

MAIN = "<tool>"
_HEAD = struct.Struct("<16scQ")  # nonce, kind, length
_exit, _getpid, _read, _write = os._exit, os.getpid, os.read, os.write
_pack, _walk = _HEAD.pack, outputs.collect
_MESSAGE = 4000
_FRAMES = 40
_DUMMY = json.dumps(
    {
        "nonce": "00" * 16,
        "source": "import json\ndef run(x):\n    y = [i for i in range(50)]\n    return {'y': str(x) + 'a'}",
        "entry": "run",
        "arguments": {"x": 1},
        "uses": {},
        "disk_bytes": 1,
        "exam": False,
    }
).encode()


def _numbers(value: object) -> object:
    """Give numpy's scalars as plain numbers; anything else is not JSON."""
    if (
        type(value).__module__ == "numpy"
        and hasattr(value, "item")
        and not hasattr(value, "__len__")
    ):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is not a JSON value")


_encode = json.JSONEncoder(allow_nan=False, default=_numbers).encode
_encode_text = json.JSONEncoder().encode


def serve() -> NoReturn:
    """Say that this child is ready, wait for one request, answer it, and wait to be killed."""
    _warm_up()
    _send_all(b"R")
    size = struct.unpack("<I", _receive(4))[0]
    answer(json.loads(_receive(size)), _send_all)
    while _read(CHANNEL, 1):
        pass
    _exit(0)


def answer(request: dict[str, Any], send: Callable[[bytes], None]) -> None:
    """Run the request's tool and send its value or its fault, its files, and the end."""
    nonce, pid = bytes.fromhex(request["nonce"]), _getpid()
    kind, body = _outcome(request)
    if _getpid() != pid:
        _exit(0)  # a forked copy of the tool came back: only the original may answer
    for stream in (sys.stdout, sys.stderr):
        with suppress(BaseException):  # the tool may have closed or replaced it
            stream.flush()
    frames = [_frame(nonce, kind, body)]
    if kind == b"V":
        try:
            for name, content in _walk(OUTPUT, request["disk_bytes"]):
                send(b"".join(frames))
                encoded = name.encode("utf-8", "surrogateescape")
                frames = [_frame(nonce, b"N", encoded), _frame(nonce, b"F", content)]
        except outputs.TooMuch:
            frames.append(_frame(nonce, b"D", b""))
    send(b"".join([*frames, _frame(nonce, b"Z", b"")]))


def _outcome(request: dict[str, Any]) -> tuple[bytes, bytes]:
    try:
        _guild(request["uses"])
        if request["exam"] and "http_proxy" in os.environ:
            from . import clients  # there already, in a sandbox with a network

            clients.without_tls()
        entry = _load(MAIN, request["source"], request["entry"])
        value = entry(**request["arguments"])
        return b"V", _encode(value).encode()
    except BaseException as error:
        try:
            return b"E", _encode_text(_fault(error)).encode()
        except BaseException:  # an exception whose own methods are hostile
            return b"E", b'{"type": "Exception", "message": "", "frames": [], "errno": null}'


def _load(filename: str, source: str, entry: str) -> Callable[..., Any]:
    """Execute a tool's source in a module of its own and return its entry function."""
    module = types.ModuleType("tool" if filename == MAIN else f"tool_{filename[6:-1]}")
    sys.modules[module.__name__] = module  # dataclasses and pickle look their module up
    exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
    found = getattr(module, entry, None)
    if not callable(found):
        raise NameError(f"the source defines no function named {entry!r}")
    return found  # type: ignore[no-any-return]  # what a tool defines has no type


def _guild(uses: dict[str, dict[str, str]]) -> None:
    """Make `from guild import alias` work: each tool is loaded when it is first called."""
    module = types.ModuleType("guild")
    for alias, used in uses.items():
        setattr(module, alias, _lazily(alias, used["source"], used["entry"]))
    sys.modules["guild"] = module


def _lazily(alias: str, source: str, entry: str) -> Callable[..., Any]:
    loaded: list[Callable[..., Any]] = []

    def call(**arguments: Any) -> Any:
        if not loaded:
            loaded.append(_load(f"<tool:{alias}>", source, entry))
        return loaded[0](**arguments)

    call.__name__ = call.__qualname__ = alias
    return call


def _fault(error: BaseException) -> dict[str, object]:
    """Describe an exception by the tool's own frames only, innermost last."""
    frames: list[tuple[str, int, str]] = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if code.co_filename.startswith("<tool"):
            frames = [*frames, (code.co_filename[:200], step.tb_lineno, code.co_name[:200])][
                -_FRAMES:
            ]
        step = step.tb_next
    if isinstance(error, SyntaxError) and str(error.filename).startswith("<tool"):
        frames = [(str(error.filename), error.lineno or 1, "<module>")]
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    errno = error.errno if isinstance(error, OSError) else None
    return {
        "type": type(error).__name__,
        "message": str(message)[:_MESSAGE],
        "frames": frames,
        "errno": errno,
    }


def _warm_up() -> None:
    """Run the hot path once: takes the copy-on-write faults before a request is there."""
    unsent: list[bytes] = []
    answer(json.loads(_DUMMY), unsent.append)
    del sys.modules["tool"]


def _receive(size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        chunk = _read(CHANNEL, min(size - len(data), 1 << 20))
        if not chunk:
            _exit(0)
        data += chunk
    return bytes(data)


def _frame(nonce: bytes, kind: bytes, body: bytes) -> bytes:
    return _pack(nonce, kind, len(body)) + body


def _send_all(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[_write(CHANNEL, view) :]
