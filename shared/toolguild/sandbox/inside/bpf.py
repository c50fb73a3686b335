"""An assembler for the classic BPF of seccomp filters, and a search over system call numbers. Pure."""

import struct
from collections.abc import Mapping

ALLOW, KILL, ERRNO, NOTIFY = 0x7FFF0000, 0x80000000, 0x00050000, 0x7FC00000
LOAD, EQUAL, AT_LEAST, ANY_BIT, JUMP, RETURN = 0x20, 0x15, 0x35, 0x45, 0x05, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # where seccomp_data has them

Instructions = tuple[bytes, ...]


def op(code: int, k: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """Return one instruction. Jumps count the instructions that are passed over."""
    return struct.pack("<HBBI", code, if_true, if_false, k & 0xFFFFFFFF)


def argument(index: int, half: int = 0) -> bytes:
    """Return the load of an argument's lower or upper 32 bits."""
    return op(LOAD, _ARGUMENTS + 8 * index + 4 * half)


def allow() -> Instructions:
    """Return the rule that lets a call through."""
    return (op(RETURN, ALLOW),)


def deny(errno: int) -> Instructions:
    """Return the rule that answers a call with an error."""
    return (op(RETURN, ERRNO | errno),)


def notify() -> Instructions:
    """Return the rule that holds a call until the supervisor, who listens, has looked at it."""
    return (op(RETURN, NOTIFY),)


def among(index: int, values: tuple[int, ...], errno: int) -> Instructions:
    """Return the rule that lets a call through when the lower half of an argument is one of these."""
    rule = [argument(index)]
    for left, value in zip(range(len(values), 0, -1), values, strict=True):
        rule.append(op(EQUAL, value, left, 0))  # over the rest and the refusal
    return (*rule, *deny(errno), *allow())


def program(
    rules: Mapping[int, Instructions], miss: Instructions, *, architecture: int, x32: int
) -> bytes:
    """Return a whole filter: the rule of each number, and `miss` for every number without one.

    Another architecture's calling convention, and x32's, end the process.
    """
    prologue = (
        op(LOAD, _ARCHITECTURE), op(EQUAL, architecture, 1, 0), op(RETURN, KILL),
        op(LOAD, _NUMBER), op(AT_LEAST, x32, 0, 1), op(RETURN, KILL),
    )  # fmt: skip
    return b"".join((*prologue, *_search(_stretches(rules, miss))))


_Stretch = tuple[int, Instructions]  # a number, and the rule from there on


def _stretches(rules: Mapping[int, Instructions], miss: Instructions) -> list[_Stretch]:
    found: list[_Stretch] = [(0, miss)]
    for number in sorted(rules):
        for start, rule in ((number, rules[number]), (number + 1, rules.get(number + 1, miss))):
            if found[-1][0] == start:
                found.pop()
            if not found or found[-1][1] != rule:
                found.append((start, rule))
    return found


def _search(stretches: list[_Stretch]) -> Instructions:
    if len(stretches) == 1:
        return stretches[0][1]
    middle = len(stretches) // 2
    low, high = _search(stretches[:middle]), _search(stretches[middle:])
    # A conditional jump reaches over 255 instructions, the lower half may be longer.
    return (op(AT_LEAST, stretches[middle][0], 0, 1), op(JUMP, len(low)), *low, *high)
