"""The services that are installed here, found by entry point; other distributions add theirs."""

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points

from toolguild.agent import Agent, Process, Service, Worker
from toolguild.errors import Misconfigured, UsageError

GROUP = "toolguild.services"


def installed() -> dict[str, EntryPoint]:
    """Return the entry points of all installed services by name, without importing them."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in found and found[point.name].value != point.value:
            raise Misconfigured(
                f"two installed services are called {point.name}: "
                f"{found[point.name].value} and {point.value}; uninstall one"
            )
        found[point.name] = point
    return dict(sorted(found.items()))


def load_service(name: str) -> Service:
    """Import one service. Raises UsageError for an unknown name, Misconfigured when it does not load."""
    return _loaded(name, installed())


def _loaded(name: str, points: Mapping[str, EntryPoint]) -> Service:
    if name not in points:
        raise UsageError(
            f"there is no service {name!r}; installed are {', '.join(points) or 'none'}"
        )
    try:
        service = points[name].load()
    except Exception as error:
        raise Misconfigured(
            f"service {name} ({points[name].value}) does not load: {error}"
        ) from error
    if not isinstance(service, Service):
        raise Misconfigured(f"{points[name].value} is not a toolguild.agent.Service")
    return service


def known_services(own: Sequence[Service] = ()) -> list[Service]:
    """Return these services and all others that are installed. Raises Misconfigured when one does not load."""
    mine = {service.name for service in own}
    points = installed()  # once: every look reads through all that is installed in this Python
    return [*own, *(_loaded(name, points) for name in points if name not in mine)]


def check_duties(service: Service, agents: Sequence[Agent]) -> None:
    """Return if a service opens the agents that it declares. Raises Misconfigured, naming the first that differs.

    One that declares nothing has no rights of its own: it runs only with credentials that may do everything.
    """
    if not service.duties:
        return
    declared = {duty.agent: (frozenset(duty.reads), duty.bucket) for duty in service.duties}
    opened = {
        agent.name: (frozenset(agent.reads), agent.bucket)
        if isinstance(agent, Process)
        else (frozenset((agent.reads,)), "")
        for agent in agents
        if isinstance(agent, Process | Worker)
    }
    if wrong := sorted(
        name for name in declared | opened if declared.get(name) != opened.get(name)
    ):
        raise Misconfigured(
            f"service {service.name}: its agent {wrong[0]} is not as its `duties` declare it: the same name, "
            "kinds and bucket are needed, since its consumer and its rights are made from them"
        )
