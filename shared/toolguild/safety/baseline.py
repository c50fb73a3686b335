"""What others do, for comparison: substring rules, a dozen patterns, bandit. None of it guards anything."""

import io
import re
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

NAIVE_CODE = (
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
NAIVE_REQUEST = (
    "hack",
    "malware",
    "virus",
    "exploit",
    "phishing",
    "password",
    "attack",
    "ransomware",
    "keylogger",
    "backdoor",
    "steal",
    "bypass",
)
# The patterns that are most often copied from one project into the next.
INJECTION = re.compile(
    "|".join(
        (
            r"ignore (all |any )?(previous|prior|above) (instructions|prompts)",
            r"disregard (all |the )?(previous|prior|above)",
            r"forget (everything|all|previous)",
            r"you are now",
            r"new instructions:",
            r"system prompt",
            r"act as (if|an?) ",
            r"pretend (to be|you are)",
            r"do anything now",
            r"\bDAN\b",
            r"jailbreak",
            r"reveal your (prompt|instructions)",
        )
    ),
    re.I,
)
PERSONAL = {
    "EMAIL_ADDRESS": re.compile(r"\S+@\S+\.\S+"),
    "PHONE_NUMBER": re.compile(r"\+?\d[\d \-().]{7,}\d"),
    "CREDIT_CARD": re.compile(r"\b(?:\d[ -]?){13,16}\b"),
    "US_SSN": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "IP_ADDRESS": re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"),
}


def naive_code(code: str) -> bool:
    """Whether substring rules would stop this program."""
    return any(part in code for part in NAIVE_CODE)


def naive_request(text: str) -> bool:
    """Whether a word list would stop this request."""
    lowered = text.lower()
    return any(word in lowered for word in NAIVE_REQUEST)


def naive_injection(text: str) -> bool:
    """Whether a dozen patterns see an injection."""
    return INJECTION.search(text) is not None


def bandit(codes: Sequence[str]) -> list[bool] | None:
    """Return for each program whether bandit reports an issue of medium severity and up; None without bandit."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of how it loads its plug-ins
            from bandit.core.config import BanditConfig
            from bandit.core.constants import MEDIUM
            from bandit.core.manager import BanditManager
    except ImportError:
        return None
    with tempfile.TemporaryDirectory(prefix="toolguild-bandit-") as folder:
        for number, code in enumerate(codes):
            (Path(folder) / f"{number}.py").write_text(code, encoding="utf-8", errors="replace")
        run = BanditManager(BanditConfig(), "file", quiet=True)
        run.discover_files([folder], recursive=True)
        with redirect_stdout(io.StringIO()):  # it shows its progress where our result goes
            run.run_tests()
        found = {Path(issue.fname).stem for issue in run.get_issue_list(sev_level=MEDIUM)}
    return [str(number) in found for number in range(len(codes))]
