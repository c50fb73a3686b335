"""A person at a terminal of their own: decides about each item at the moment it is told to.

Arguments: NATS URL, directory of keys, name, decision. Reads the ids of items from standard input, one a line,
and the decision about each is made when its line comes; prints what became of each as JSON, one a line.
"""

import asyncio
import json
import sys
from pathlib import Path

from toolguild.client import inbox
from toolguild.identity import KeyDirectory
from toolguild.messages.events import DecisionRefused
from toolguild.runtime.bus import connect


async def main(url: str, keys: str, name: str, decision: str) -> None:
    signer = KeyDirectory(Path(keys)).person(name)
    async with connect(url, name=name) as bus:
        known = {one.item: one for one in await inbox.waiting(bus)}
        ready = {
            item: inbox.signed(one, signer, decision, by=name, reason="at once")
            for item, one in known.items()
        }
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            answer = (await inbox.decide(bus, [ready[line]]))[0]
            why = answer.why if isinstance(answer, DecisionRefused) else ""
            sys.stdout.write(json.dumps({"item": line, "counts": not why, "why": why}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
