"""Prometheus metrics, each behind a function. Labels are kinds and agents, never ids."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_SLOW = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300)

_handled = Counter(
    "toolguild_messages_handled",
    "Messages settled, by what became of them.",
    ["agent", "kind", "outcome"],
)
_seconds = Histogram(
    "toolguild_message_seconds",
    "Time from delivery to settlement.",
    ["agent", "kind"],
    buckets=_FAST,
)
_redelivered = Counter(
    "toolguild_messages_redelivered",
    "Deliveries of a message that had been delivered before.",
    ["agent"],
)
_dead = Counter("toolguild_dead_letters", "Messages given up.", ["agent", "code"])
_refused = Counter("toolguild_permissions_refused", "Operations that NATS refused to this service.")
_forged = Counter(
    "toolguild_records_forged", "Records in buckets that were not taken as genuine.", ["bucket"]
)
_waiting = Gauge("toolguild_queue_waiting", "Messages that wait for an agent.", ["agent"])
_under_way = Gauge(
    "toolguild_queue_under_way", "Messages delivered and not yet settled.", ["agent"]
)
_model_calls = Counter(
    "toolguild_model_calls", "Calls of a language model.", ["role", "model", "source", "outcome"]
)
_model_seconds = Histogram(
    "toolguild_model_seconds", "Time of a model call.", ["role", "model"], buckets=_SLOW
)
_model_tokens = Counter(
    "toolguild_model_tokens", "Tokens read and written by models.", ["role", "model", "direction"]
)
_model_usd = Counter(
    "toolguild_model_usd", "What model calls cost, in US dollars.", ["role", "model"]
)
_tools = Counter("toolguild_tools", "Tools by how a wish for one ended.", ["how"])
_reviews = Counter("toolguild_reviews", "Reviews of drafts, by verdict.", ["verdict"])
_asked = Counter("toolguild_items_asked", "Questions put to people, by purpose.", ["purpose"])
_settled = Counter(
    "toolguild_items_settled",
    "Questions to people that are closed, by how. Asked less settled is what waits.",
    ["decision"],
)
_notices = Counter("toolguild_notices", "Notices to channels outside.", ["channel", "outcome"])
_trust = Counter("toolguild_trust_changes", "Changes of a tool's level of trust.", ["direction"])
_sandbox_start = Histogram(
    "toolguild_sandbox_start_seconds",
    "Time until a sandbox is ready, its self-test included.",
    ["backend"],
    buckets=_FAST,
)
_sandbox_run = Histogram(
    "toolguild_sandbox_run_seconds",
    "Wall time of a sandboxed call.",
    ["backend", "outcome"],
    buckets=_FAST,
)


def message_handled(agent: str, kind: str, outcome: str, seconds: float) -> None:
    """A message was settled. `outcome`: done, retried, given_up, unreadable, expired, interrupted."""
    _handled.labels(agent, kind, outcome).inc()
    _seconds.labels(agent, kind).observe(seconds)


def message_redelivered(agent: str) -> None:
    """A message came that had been delivered before."""
    _redelivered.labels(agent).inc()


def dead_letter_written(agent: str, code: str) -> None:
    """A message was given up and kept as a dead letter."""
    _dead.labels(agent, code).inc()


def record_forged(bucket: str) -> None:
    """Count a record that was read and not taken: not from one who may write the bucket."""
    _forged.labels(bucket).inc()


def permission_refused() -> None:
    """NATS refused an operation: this service's permissions are wrong, or it is not what it seems."""
    _refused.inc()


def queue_seen(agent: str, *, waiting: int, under_way: int) -> None:
    """How many messages wait for an agent, and how many are under way."""
    _waiting.labels(agent).set(waiting)
    _under_way.labels(agent).set(under_way)


def model_called(
    role: str,
    model: str,
    *,
    source: str,
    outcome: str = "ok",
    seconds: float = 0.0,
    input_tokens: int = 0,
    output_tokens: int = 0,
    usd: float = 0.0,
) -> None:
    """A model was asked. `outcome`: ok, malformed, failed."""
    _model_calls.labels(role, model, source, outcome).inc()
    _model_seconds.labels(role, model).observe(seconds)
    _model_tokens.labels(role, model, "input").inc(input_tokens)
    _model_tokens.labels(role, model, "output").inc(output_tokens)
    _model_usd.labels(role, model).inc(usd)


def tool_made() -> None:
    """A new tool was published."""
    _tools.labels("made").inc()


def tool_reused() -> None:
    """A published tool served a wish."""
    _tools.labels("reused").inc()


def tool_refused() -> None:
    """A draft did not pass its exam."""
    _tools.labels("refused").inc()


def review_given(verdict: str) -> None:
    """A draft was reviewed. `verdict`: allow, ask, block."""
    _reviews.labels(verdict).inc()


def person_asked(purpose: str) -> None:
    """A person was asked. `purpose`: draft, run, watch, exception, audit."""
    _asked.labels(purpose).inc()


def item_settled(decision: str) -> None:
    """A question is closed. `decision`: approve, reject, edit, expired, withdrawn."""
    _settled.labels(decision).inc()


def notice_sent(channel: str, outcome: str) -> None:
    """A channel took a notice, or did not. `outcome`: delivered, failed."""
    _notices.labels(channel, outcome).inc()


def trust_changed(direction: str) -> None:
    """A tool's level changed. `direction`: raised, lowered."""
    _trust.labels(direction).inc()


def sandbox_started(backend: str, seconds: float) -> None:
    """A sandbox was opened and has passed its self-test."""
    _sandbox_start.labels(backend).observe(seconds)


def sandbox_ran(backend: str, outcome: str, seconds: float) -> None:
    """A sandboxed call ended."""
    _sandbox_run.labels(backend, outcome).observe(seconds)
