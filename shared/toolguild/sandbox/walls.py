"""What stops hostile code: every mechanism once, in words for people. Pure.

The *inner* walls are built by the same fork server in both backends, the *outer* ones by bubblewrap or Docker.
"""

from typing import Literal

Wall = Literal[
    "filter", "view", "read-only", "processes", "network", "scratch", "listing", "memory", "tree watch",
    "group", "cpu", "clock", "files open", "number of processes", "privileges", "channel", "printed",
    "answer", "kill", "copy", "blind server", "proxy", "own process", "names", "programs",
]  # fmt: skip

HOW: dict[Wall, str] = {
    "filter": "the call's seccomp allow-list, on top of that of the whole sandbox (Docker: our profile)",
    "view": "a mount namespace that shows the system's programs and this call's files, with /proc, /sys and"
    " /run covered (Docker: the image; without namespaces for calls: Landlock)",
    "read-only": "every mount but the call's scratch is read-only (without namespaces for calls: Landlock)",
    "processes": "a process namespace of its own for every call (without them: Landlock's scope for signals, and"
    " a fork server that is process 1)",
    "network": "an empty network namespace",
    "scratch": "a tmpfs of its own for every call, with a size and a number of files, nosuid, nodev, noexec",
    "listing": "/output is collected without following links: regular files with one name only, up to the disk"
    " limit",
    "memory": "RLIMIT_AS of the process",
    "tree watch": "the supervisor adds up memory and processor time of the call's tree, every 10 ms",
    "group": "the control group of the sandbox, where one can be made (Docker: always)",
    "cpu": "RLIMIT_CPU, soft and hard",
    "clock": "the supervisor's wall clock",
    "files open": "RLIMIT_NOFILE: 64",
    "number of processes": "RLIMIT_NPROC within a user namespace of its own, and the group's pids limit",
    "privileges": "no capability, no_new_privs, an unprivileged user of a user namespace",
    "channel": "the supervisor takes frames with this call's nonce in their order only, each length checked first",
    "printed": "the supervisor stops a call that prints beyond its limit",
    "answer": "values are parsed strictly, outside, up to a size and a depth",
    "kill": "SIGKILL to process 1 of the call's namespace ends everything in it (without: kill(-1), reaped by the"
    " fork server)",
    "copy": "every call is a fresh fork of a fork server that no call can write to",
    "blind server": "the fork server never sees a payload: request and answer pass it by",
    "proxy": "the proxy outside grants by name and port, and judges addresses after resolving",
    "own process": "it harms nobody but itself: its process ends, and the call with it",
    "programs": "Landlock lets a call start the files of the programs that it was granted, and no others",
    "names": "file names that are no names are refused outside",
}  # fmt: skip


def how(by: tuple[Wall, ...]) -> str:
    """Return the sentence for the walls that stop one attack, the first one first."""
    return "; ".join(HOW[one] for one in by)
