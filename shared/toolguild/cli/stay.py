"""`python -m toolguild.cli.stay`: the process that `toolguild up` leaves behind; its environment has the settings.

The same as `toolguild up --foreground`, without the parser of the command line: that would delay every start.
"""

import asyncio
from typing import TYPE_CHECKING

from toolguild.cli import exits
from toolguild.cli.boundary import guarded
from toolguild.cli.importing import importing
from toolguild.settings import Settings, load_settings

if TYPE_CHECKING:
    from toolguild.cli.state import State


def stay(settings: Settings, *, as_json: bool) -> int:
    """Run a guild until SIGTERM or SIGINT, and return the exit code. Raises as Supervisor.run does."""
    from toolguild.cli.output import note, say_json

    with importing():
        from toolguild.cli.supervise import Supervisor

    def ready(state: "State") -> None:
        if as_json:
            say_json({"running": True, "data_dir": str(settings.data_dir), "pid": state.pid})
        note(f"toolguild: ready, {len(state.members)} processes; Ctrl-C ends them")

    async def run() -> None:
        await Supervisor(settings).run(ready)

    asyncio.run(run())
    return exits.SUCCEEDED


if __name__ == "__main__":
    raise SystemExit(guarded(lambda: stay(load_settings(), as_json=False)))
