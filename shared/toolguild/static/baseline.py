"""What a review without a syntax tree would say: the rules of thumb that reports set beside ours."""

_ALARMING = (
    "eval(",
    "exec(",
    "__import__",
    "os.system",
    "subprocess",
    "socket",
    "compile(",
    "pickle",
    "rm -rf",
)


def naive(code: str) -> bool:
    """Say whether a substring rule raises an alarm: an alarming word is anywhere in the text."""
    return any(word in code for word in _ALARMING)
