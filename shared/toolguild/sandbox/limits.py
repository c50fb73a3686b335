"""What nothing in the sandbox stops, said openly: shown by `toolguild sandbox check`. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One thing that hostile code could still do, or that nobody could see, and what helps against it."""

    name: str
    what: str
    helps: str


LIMITS = (
    Limit(
        "the kernel",
        "calls share this machine's kernel: a hole in one of the system calls on the list is a way out",
        "gVisor (`runsc`, taken when the Docker engine has it), or a machine of its own; updates",
    ),
    Limit(
        "gVisor",
        "the docker backend takes `runsc` where the engine has it; that was never run where this was made, and"
        " what a call reads, writes and starts is not seen there",
        "run `toolguild sandbox check --backend docker` on the machine that has it",
    ),
    Limit(
        "side channels",
        "caches, branch predictors, memory timing and load tell calls on one machine about each other",
        "a machine for each user",
    ),
    Limit(
        "one memory layout",
        "calls of one warm sandbox share address layout and hash seed; it is replaced after 1000 calls or 10"
        " minutes, and no call sees what another had in memory",
        "nothing has to: it makes another hole easier to use, and is none itself",
    ),
    Limit(
        "which programs",
        "a call that may start one program can have the dynamic loader carry out another one; where the kernel has"
        " no Landlock it can start every program that the sandbox shows. By which names is seen and compared with"
        " what was declared, and threads can deceive that look",
        "grant no programs: then it cannot start any process at all",
    ),
    Limit(
        "kernel memory",
        "pipes and sockets hold some 15 MB for a call that its memory limit does not count (measured: 2 in"
        " pipes, 6 in socket pairs, 7 in descriptors on their way)",
        "a control group counts it: run as root or in a delegated group, or use docker",
    ),
    Limit(
        "between two looks",
        "without a control group the tree of a call with programs can be over its memory for 10 ms",
        "the same",
    ),
    Limit(
        "weaker modes",
        "without namespaces for each call (`landlock`, `single`): no limit on the number of files, scratch as"
        " large as the sandbox's own 64 MB, one network namespace for its calls one after another",
        "`toolguild doctor` names the mode; it says what the machine has to allow",
    ),
    Limit(
        "what is shown",
        "programs and libraries below /usr, and fonts, are readable: their versions can be told",
        "the docker backend shows its image instead of this machine",
    ),
    Limit(
        "a granted host",
        "what is sent to a host that was granted is out",
        "grant hosts by name, for tools that were read by a person",
    ),
    Limit(
        "sight",
        "files are seen when they are opened by their name below /data; more openings than the kernel keeps"
        " (16384) are told as not seen, never as none; refused system calls are not counted",
        "what is not seen can raise an alert of its own",
    ),
    Limit(
        "names in JavaScript",
        "a file below /output whose name is no text is not handed on by Node, and the call ends well; it is seen",
        "Python tools end with an error there",
    ),
    Limit(
        "other processors",
        "the filters know x86_64 only: elsewhere neither backend runs anything",
        "a machine with that processor",
    ),
)
