"""`toolguild keys`: who comes to the bus with which key, who signs with which, and how they are changed."""

import os
import signal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json
from toolguild.errors import Misconfigured, UsageError

if TYPE_CHECKING:
    from toolguild.settings import Settings

app = typer.Typer(
    help="The guild's keys: list them, change them while it works, revoke what they signed.",
    no_args_is_help=True,
)


@app.command("list")
def list_(as_json: Json = False) -> int:
    """List whose keys there are. No private key is shown.

    JSON: users[{user, keys[]}], signers[{signer, keys[{key, good, newest}]}].

    \b
    toolguild keys list
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json

    users, signers = _known(settings_of())
    if as_json:
        say_json({"users": users, "signers": signers})
        return exits.SUCCEEDED
    for one in users:
        say(f"{one['user']}: comes to NATS with {', '.join(one['keys'])}")
    for one in signers:
        for key in one["keys"]:
            state = "signs with it" if key["newest"] else "still good" if key["good"] else "revoked"
            say(f"{one['signer']}: {key['key']} ({state})")
    if not users and not signers:
        say("there are no keys yet; the first start of a guild makes them")
    return exits.SUCCEEDED


@app.command("rights")
def rights(as_json: Json = False) -> int:
    """Show what each user of the bus may do, by the declarations of the installed services.

    JSON: for each user publish[], denied[], subscribe[] as subjects of NATS; private inboxes are left out.

    \b
    toolguild keys rights
    """
    from toolguild.cli.output import say, say_json
    from toolguild.runtime.access.table import rights_of, table
    from toolguild.runtime.services import known_services

    services = known_services(())
    if as_json:
        say_json({user: dict(one) for user, one in rights_of(services).items()})
    else:
        say(table(services))
    return exits.SUCCEEDED


@app.command("rotate")
def rotate(
    names: Annotated[
        list[str] | None, typer.Argument(help="Services, or `operator`, `observer`, `bootstrap`.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everybody's keys.")] = False,
    as_json: Json = False,
) -> int:
    """Give services new keys, for NATS and to sign with, while the guild goes on working.

    The server takes both keys until a process with the new one has taken over; then the old one is forgotten.
    What an old signing key has signed stays good until `toolguild keys revoke`. JSON: rotated[], processes[].

    \b
    toolguild keys rotate executor
    toolguild keys rotate --all
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json
    from toolguild.runtime.access.credentials import Credentials

    settings = settings_of()
    known = Credentials(settings.credentials).users()
    wanted = list(known) if every else list(dict.fromkeys(names or ()))
    if not wanted:
        raise UsageError("name whose keys to change, or give --all for everybody's")
    if unknown := sorted(set(wanted) - set(known)):
        raise UsageError(
            f"nobody called {', '.join(unknown)} has keys here; there are {', '.join(known) or 'none yet'}"
        )
    processes = _rotated(settings, wanted)
    if as_json:
        say_json({"rotated": list(wanted), "processes": list(processes)})
    else:
        say(f"new keys: {', '.join(wanted)}")
        for name in processes:
            say(f"{name}: a process with the new keys has taken over")
    return exits.SUCCEEDED


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="A public key, as `toolguild keys list` shows it.")],
    as_json: Json = False,
) -> int:
    """Make a signing key good for nothing, whatever it signed: tools with its signatures do not run any more.

    The key that a service signs with now has to be changed first. JSON: key, signer.

    \b
    toolguild keys revoke 1f0c...
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json
    from toolguild.identity import KeyDirectory

    signer = KeyDirectory(settings_of().keys).revoke(key)
    if as_json:
        say_json({"key": key, "signer": signer})
    else:
        say(f"revoked: {key} of {signer}; what it signed is refused from now on")
    return exits.SUCCEEDED


def _known(settings: "Settings") -> tuple[list[Any], list[Any]]:
    from toolguild.identity import KeyDirectory
    from toolguild.runtime.access.credentials import Credentials

    credentials, directory = Credentials(settings.credentials), KeyDirectory(settings.keys)
    users: list[Any] = [
        {"user": user, "keys": list(credentials.public(user))} for user in credentials.users()
    ]
    signers: list[Any] = []
    for name in directory.names():
        keys = [
            {"key": key, "good": good, "newest": number == 0}
            for number, (key, good) in enumerate(directory.keys(name))
        ]
        signers.append({"signer": name, "keys": keys})
    return users, signers


def _rotated(settings: "Settings", names: list[str]) -> list[str]:
    """Change keys, by the guild that runs or without one; return which processes have been replaced."""
    from toolguild.cli import rolling
    from toolguild.cli.operate import until_answered
    from toolguild.cli.state import is_held, read_state
    from toolguild.identity import KeyDirectory
    from toolguild.runtime.access.credentials import Credentials
    from toolguild.runtime.services import installed

    state = read_state(settings)
    if state is not None and state.ready:
        request = rolling.ask(settings, names, keys=True)
        os.kill(state.pid, signal.SIGHUP)
        told = until_answered(settings, request)
        if told.error:
            raise Misconfigured(
                f"not all keys are changed; old and new ones are good: {told.error}"
            )
        return [one.name for one in told.replaced]
    if is_held(settings):
        raise UsageError("the guild is just starting; try again when `toolguild status` says ready")
    credentials, directory = Credentials(settings.credentials), KeyDirectory(settings.keys)
    for name in names:
        credentials.prepare(name)
        credentials.turn(name)
        credentials.finish(name)
        if name in installed():
            directory.rotate(name)
    return []
