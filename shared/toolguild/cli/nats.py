"""`toolguild nats`: for those who run NATS themselves: configuration, credentials, and what services bind to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolguild.cli import exits
from toolguild.cli.options import Json
from toolguild.errors import UsageError

if TYPE_CHECKING:
    from toolguild.settings import Settings

app = typer.Typer(
    help="A NATS server of your own: its configuration, credentials, streams.", no_args_is_help=True
)


@app.command("config")
def config(
    credentials: Annotated[
        Path,
        typer.Option(help="Where the users' seeds are, or are to be made: one file each."),
    ],
    certificate: Annotated[
        Path | None, typer.Option(help="The server's certificate, as it will find it.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The key of that certificate.")] = None,
    ca: Annotated[
        Path | None, typer.Option(help="Who vouches for clients and for the cluster's servers.")
    ] = None,
    store: Annotated[Path, typer.Option(help="Where the server keeps its data.")] = Path("/data"),
    name: Annotated[str, typer.Option(help="The server's own name.")] = "toolguild",
    cluster: Annotated[str | None, typer.Option(help="The name of a cluster.")] = None,
    route: Annotated[
        list[str] | None, typer.Option(help="nats-route://HOST:6222 of each server of the cluster.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Print a configuration of nats-server: who may do what, by the declarations of the installed services.

    It holds public keys only; the seeds stay in the directory of credentials, one file a user, for that user's
    process alone (TOOLGUILD_NATS_SEED_FILE). Printed again, it keeps the keys that are there; every server of
    a cluster gets the same `authorization`. JSON: config, users[].

    \b
    toolguild nats config --credentials ./credentials > nats.conf
    toolguild nats config --credentials ./credentials --certificate /tls/tls.crt --key /tls/tls.key \\
      --name nats-0 --cluster toolguild --route nats-route://nats-0.nats:6222 > nats.conf
    """
    import json

    from toolguild.cli.output import say, say_json
    from toolguild.runtime.access.config import authorization
    from toolguild.runtime.access.credentials import Credentials
    from toolguild.runtime.access.roster import roster
    from toolguild.runtime.services import known_services

    if (certificate is None) != (key is None):
        raise UsageError("--certificate and --key belong together")
    rights = roster(known_services(()))
    seeds = Credentials(credentials)
    seeds.make(rights)
    text = json.dumps
    lines = [
        f"server_name: {text(name)}",
        'listen: "0.0.0.0:4222"',
        'http: "127.0.0.1:8222"',
        # A single server writes to disk before it acknowledges; a cluster's copies make up for it.
        f"jetstream {{ store_dir: {text(str(store))}{'' if cluster else ', sync_interval: always'} }}",
    ]
    tls = _tls(certificate, key, ca)
    if tls:
        lines.append(f"tls {tls}")
    if cluster:
        routes = text(list(route or ()))
        secure = f", tls {tls}" if tls else ""
        lines.append(
            f'cluster {{ name: {text(cluster)}, listen: "0.0.0.0:6222", routes: {routes}{secure} }}'
        )
    lines.append(authorization({user: (seeds.public(user), rights[user]) for user in rights}))
    if as_json:
        say_json({"config": "\n".join(lines), "users": list(rights)})
    else:
        say("\n".join(lines))
    return exits.SUCCEEDED


@app.command("bootstrap")
def bootstrap(as_json: Json = False) -> int:
    """Make the streams, buckets and consumers that services bind to, on the server at TOOLGUILD_NATS_URL.

    For the user `bootstrap`: set TOOLGUILD_NATS_SEED_FILE to its seed. Run it before services start, and again
    when one was installed or updated; it changes nothing that is as it should be. JSON: services[], replicas.

    \b
    TOOLGUILD_NATS_URL=tls://nats:4222 TOOLGUILD_NATS_SEED_FILE=bootstrap.seed toolguild nats bootstrap
    """
    import asyncio

    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json

    settings = settings_of()
    names = asyncio.run(_made(settings))
    if as_json:
        say_json({"services": list(names), "replicas": settings.nats_replicas})
    else:
        say(f"made what {', '.join(names)} bind to, {settings.nats_replicas} copies of each")
    return exits.SUCCEEDED


async def _made(settings: "Settings") -> list[str]:
    from toolguild.runtime.access.login import Login
    from toolguild.runtime.bus import connect
    from toolguild.runtime.services import known_services
    from toolguild.runtime.topology import ensure_guild

    if settings.nats_url is None:
        raise UsageError(
            "set TOOLGUILD_NATS_URL to a server of your own; `toolguild up` makes all of this for its own"
        )
    services = known_services(())
    login = Login.of(settings)
    async with connect(settings.nats_url, name="toolguild bootstrap", login=login) as bus:
        await ensure_guild(bus.js, services, replicas=settings.nats_replicas)
    return [service.name for service in services]


def _tls(certificate: Path | None, key: Path | None, ca: Path | None) -> str:
    import json

    if certificate is None:
        return ""
    files = {"cert_file": certificate, "key_file": key, "ca_file": ca}
    named = ", ".join(f"{name}: {json.dumps(str(one))}" for name, one in files.items() if one)
    return f'{{ {named}, {"verify: true, " if ca else ""}min_version: "1.2" }}'
