"""A pool of warm sandboxes over one backend: what callers see as the sandbox."""

import asyncio
import json
import re
from collections import deque

from toolguild.errors import UsageError
from toolguild.sandbox import inputs
from toolguild.sandbox.egress.host import Grant
from toolguild.sandbox.hold import Place, begin
from toolguild.sandbox.interface import (
    Call,
    NotStarted,
    Ran,
    Reins,
    SandboxBroken,
    SandboxUnavailable,
)
from toolguild.sandbox.outer import MODES, Backend, Mode, ModeRefused, Template
from toolguild.sandbox.server import Reaped
from toolguild.sandbox.warm import Warm

_ISOLATION: dict[Mode, str] = {
    "ns": "a fresh process, mount and user namespace for every call",
    "landlock": "a Landlock domain for every call, wiped after it",
    "single": "a whole new sandbox for every call",
}
_TEMPLATE_MB = 384  # the largest fork server and its spare child
_JAVASCRIPT_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


class Pool:
    """Runs at most `size` calls at once, each in a warm sandbox that serves nobody else meanwhile."""

    def __init__(self, backend: Backend, size: int, modes: tuple[Mode, ...] = MODES) -> None:
        self.name = backend.name
        self.isolation = _ISOLATION[modes[0]]
        self._backend = backend
        self._modes = modes
        self._slots = asyncio.Semaphore(size)
        self._most_idle = max(4, 2 * size)
        self._idle: deque[Warm] = deque()
        self._busy: set[Warm] = set()
        self._returning: list[Warm] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    async def warm_up(self) -> None:
        """Boot one plain sandbox, and so find out which mode works. Raises SandboxUnavailable."""
        self._idle.append(await self._boot(Template("python")))

    async def run(self, call: Call, reins: Reins | None = None) -> Ran:
        """Run one call, see `Sandbox.run`. Raises UsageError for a call that makes no sense.

        A call that somebody outside killed is run once more, unless it may have reached a host: a dead process
        of the sandbox must not count against the tool.
        """
        _check(call)
        template = self._template_for(call)
        place = Place(self._slots)
        try:
            await begin(reins, place)
            try:
                ran = await self._serve(call, template, reins, place)
            except NotStarted:
                ran = None
            if ran is not None and not (_killed(ran) and not call.hosts):
                return ran
            await begin(reins, place)
            return await self._serve(call, template, reins, place)
        finally:
            place.give()

    async def _serve(
        self, call: Call, template: Template, reins: Reins | None, place: Place
    ) -> Ran:
        if self._closed:
            raise SandboxBroken("the sandbox is closed")
        warm = await self._obtain(template)
        if self._closed:
            await warm.close()
            raise SandboxBroken("the sandbox was closed")
        self._busy.add(warm)
        try:
            return await warm.call(call, reins, place)
        finally:
            self._returning.append(warm)
            if warm.clearing is None:
                self._give_back(warm)
            else:
                warm.clearing.add_done_callback(lambda task: self._give_back(warm, task))

    async def _obtain(self, template: Template) -> Warm:
        """Take an idle sandbox, or wait for one that is being cleared, or boot one."""
        while True:
            warm = self._take(template)
            if warm is not None:
                return warm
            clearing = [
                w.clearing for w in self._returning if w.template == template and w.clearing
            ]
            if not clearing:
                return await self._boot(template)
            await asyncio.wait(clearing, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """End everything. Idempotent."""
        self._closed = True
        for warm in (*self._busy, *self._idle):
            self._end(warm)
        self._idle.clear()
        while self._ending:
            await asyncio.gather(*self._ending)
        await self._backend.close()

    def _template_for(self, call: Call) -> Template:
        memory, network = _room_for(call), bool(call.hosts)
        if call.code.language == "javascript":
            return Template("javascript", memory_mb=memory, network=network)
        wanted = {name.partition(".")[0] for name in call.imports}
        preload = tuple(name for name in self._backend.libraries if name in wanted)
        return Template("python", preload, memory, network)

    def _take(self, template: Template) -> Warm | None:
        """Take the one that waits longest: its spare child is surely ready."""
        for warm in self._idle:
            if warm.template == template:
                self._idle.remove(warm)
                if not warm.spent:
                    return warm
                self._end(warm)
                return self._take(template)
        return None

    def _give_back(self, warm: Warm, cleared: asyncio.Task[Reaped] | None = None) -> None:
        if cleared is not None and not cleared.cancelled():
            cleared.exception()  # a sandbox that broke while it was cleared is spent, no more
        warm.clearing = None
        self._returning.remove(warm)
        self._busy.discard(warm)
        if self._closed:
            return  # close() ends it
        if warm.spent:
            self._end(warm)
            return
        self._idle.append(warm)
        if len(self._idle) > self._most_idle:
            self._end(self._idle.popleft())

    def _end(self, warm: Warm) -> None:
        """End a sandbox without making anybody wait; `close` waits for all of them."""
        task = asyncio.get_running_loop().create_task(warm.close())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _boot(self, template: Template) -> Warm:
        """Start a sandbox in the strictest mode that works here. Raises SandboxUnavailable."""
        reasons = []
        for index, mode in enumerate(self._modes):
            try:
                outer = await self._backend.boot(template, mode)
            except ModeRefused as error:
                reasons.append(f"{mode}: {error}")
                continue
            if template == Template("python"):
                self._modes = self._modes[index:]
                self.isolation = _ISOLATION[mode]
            try:
                return Warm(outer, template, mode)
            except SandboxBroken:
                await outer.end()
                raise
        raise SandboxUnavailable(
            f"{self.name} cannot start a {template} sandbox: {'; '.join(reasons)}"
        )


def _killed(ran: Ran) -> bool:
    """Whether a SIGKILL ended the call that no limit explains: the tool's own doing only if it comes again."""
    return ran.outcome == "exited" and ran.fault is not None and ran.fault.type == "SIGKILL"


def _room_for(call: Call) -> int:
    """Return how large an outer sandbox has to be, in few sizes, so that most calls share one."""
    needs, room = call.limits.memory_mb + call.limits.disk_mb + _TEMPLATE_MB, 1024
    while room < needs:
        room *= 2
    return room


def _check(call: Call) -> None:
    """Raise UsageError for a call that no sandbox could run."""
    for name, code in (("the tool", call.code), *call.uses.items()):
        if code.language != call.code.language:
            raise UsageError(
                f"{name} is {code.language}: a {call.code.language} tool uses tools of its own language"
            )
        if not _is_name(code.entry, call) or (code is not call.code and not _is_name(name, call)):
            raise UsageError(f"{name}: {code.entry!r} is not the name of a function")
    try:
        json.dumps(call.arguments, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the arguments are not JSON: {error}") from error
    inputs.check_names(call.inputs)
    Grant(call.hosts)


def _is_name(text: str, call: Call) -> bool:
    if call.code.language == "python":
        return text.isidentifier()
    return _JAVASCRIPT_NAME.fullmatch(text) is not None
