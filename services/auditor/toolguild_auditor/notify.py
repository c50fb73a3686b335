"""Tell people outside the guild of an item of the inbox: a signed webhook.

The notice says what is asked and how to answer. It holds no code and no data of the task.
"""

import asyncio
import json
import ssl
from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from pydantic import JsonValue

from toolguild.agent import Worker
from toolguild.canonical import digest_of_bytes
from toolguild.errors import Misconfigured
from toolguild.guild import Guild, Signer
from toolguild.messages import commands, events
from toolguild.outgoing.redaction import redact_text
from toolguild.policy import Webhook
from toolguild.runtime.clock import now

WAITS = (1.0, 4.0, 15.0, 60.0)  # seconds before each further attempt; then the notice is given up
WORDS = 600  # characters of a text that a notice carries
AGAIN = {408, 425, 429}  # besides 5xx: what these refuse now they may take later


class _Refused(Exception):
    """The receiver will not take this notice, however often it is sent."""


class _NotNow(Exception):
    """The receiver may take it later."""


def notifier(guild: Guild) -> Worker[commands.Notify]:
    """Return the worker that tells the policy's webhook. Raises Misconfigured when it can be none."""
    check_url(guild.policy.webhook.url)
    work = partial(notify, guild.policy.webhook, guild.signer)
    return Worker(name="notifier", reads=commands.Notify, work=work)


def check_url(url: str | None) -> None:
    """Raise Misconfigured unless the URL, if there is one, is an http or https one with a host."""
    if url is not None and (not _host(url) or urlsplit(url).scheme not in ("http", "https")):
        raise Misconfigured("policy: webhook.url: is not http://HOST/... or https://HOST/...")


async def notify(
    webhook: Webhook, signer: Signer, command: commands.Notify, waits: Sequence[float] = WAITS
) -> events.Notified:
    """Post the notice, several times if need be, and answer whether it was taken.

    A notice may arrive twice: after a crash in between it is sent again, under the same delivery id.
    """
    if webhook.url is None:
        return _said(command, "webhook.url is not set any more")
    body = json.dumps(notice(command), ensure_ascii=False).encode()
    why = ""
    for wait in (*waits, None):
        try:
            await _post(webhook, webhook.url, _headers(command, signer, body), body)
            return _said(command, None)
        except _Refused as error:
            return _said(command, str(error))
        except _NotNow as error:
            why = str(error)
        if wait is not None:
            await asyncio.sleep(wait)
    return _said(command, f"{why}; tried {len(waits) + 1} times")


def notice(command: commands.Notify) -> dict[str, JsonValue]:
    """Return what the receiver is told."""
    ask, item = command.ask, command.item
    tasks: list[JsonValue] = list(ask.tasks)
    return {
        "item": item,
        "purpose": ask.purpose,
        "title": _words(ask.title),
        "why": _words(ask.why),
        "risk": ask.risk,
        "tasks": tasks,
        "rule": ask.rule,
        "waits": ask.blocks,
        "reminder": command.number,
        "answer": f"toolguild inbox show {item}",
    }


def _headers(command: commands.Notify, signer: Signer, body: bytes) -> dict[str, str]:
    timestamp = now()
    over = digest_of_bytes(timestamp.encode() + b"." + body)
    signature = signer.sign("notice", over)
    return {
        "Content-Type": "application/json",
        "User-Agent": "toolguild",
        "Toolguild-Delivery": f"{command.item}.{command.number}",
        "Toolguild-Timestamp": timestamp,
        "Toolguild-Key": signature.key,
        "Toolguild-Signature": signature.signature,
    }


async def _post(webhook: Webhook, url: str, headers: dict[str, str], body: bytes) -> None:
    """Return once the receiver has taken it. What is told of it names its host only: the rest may be secret."""
    import aiohttp  # megabytes, which an auditor whose policy has no webhook does without

    host = _host(url)
    limit = aiohttp.ClientTimeout(total=webhook.timeout_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            # A redirect could lead the notice anywhere.
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
    except TimeoutError:
        raise _NotNow(f"{host} did not answer within {webhook.timeout_seconds:g} s") from None
    except (aiohttp.ClientSSLError, ssl.SSLError):
        raise _Refused(f"{host}: its certificate cannot be verified") from None
    except (aiohttp.ClientError, OSError) as error:
        raise _NotNow(f"{host} cannot be reached ({type(error).__name__})") from None
    if 200 <= status < 300:
        return
    if status >= 500 or status in AGAIN:
        raise _NotNow(f"{host} answered {status}")
    if 300 <= status < 400:
        raise _Refused(f"{host} answered {status}: redirects are not followed")
    raise _Refused(f"{host} answered {status}")


def _said(command: commands.Notify, trouble: str | None) -> events.Notified:
    return events.Notified(
        item=command.item, channel="webhook", delivered=trouble is None, detail=trouble or ""
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _words(text: str) -> str:
    short = " ".join(redact_text(text).split())
    return short if len(short) <= WORDS else short[: WORDS - 1] + "…"
