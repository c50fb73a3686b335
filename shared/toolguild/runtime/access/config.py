"""The server's configuration of who may do what, as text. Pure."""

import json
from collections.abc import Mapping, Sequence

from toolguild.runtime.access.rights import Rights


def inbox(public: str) -> str:
    """Return the prefix of the private inboxes of whoever comes with this public key."""
    return f"_INBOX.{public[:24]}"


def authorization(users: Mapping[str, tuple[Sequence[str], Rights]]) -> str:
    """Return the `authorization` block: for each user its public keys and its rights. It holds no secret."""
    lines = ["authorization {", "  users: ["]
    for name, (keys, granted) in users.items():
        for key in keys:
            lines += [f"    # {name}", *_user(key, granted)]
    return "\n".join((*lines, "  ]", "}"))


def _user(key: str, granted: Rights) -> list[str]:
    if granted.everything:
        return [f"    {{ nkey: {key} }}"]
    heard = (*granted.subscribe, f"{inbox(key)}.>")
    return [
        f"    {{ nkey: {key}, permissions: {{",
        f"      publish: {{ allow: {_list(granted.publish)}{_deny(granted.denied)} }}",
        f"      subscribe: {{ allow: {_list(heard)} }}",
        *(["      allow_responses: true"] if _answers(granted) else []),
        "    } }",
    ]


def _answers(granted: Rights) -> bool:
    return any(subject.startswith("$SRV.PING") for subject in granted.subscribe)


def _deny(subjects: Sequence[str]) -> str:
    return f", deny: {_list(subjects)}" if subjects else ""


def _list(subjects: Sequence[str]) -> str:
    return json.dumps(list(subjects))
