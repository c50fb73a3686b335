"""Text of unknown origin on its way into a prompt. Pure.

A label does not make a model obey it; it makes clear, to the model and to whoever reads the prompt, where
foreign text begins and ends, and that the text cannot end its own block or speak with another role's voice.
"""

import re

from toolguild.canonical import digest_of_bytes

_TAG = re.compile(r"<(\s*/?\s*untrusted)", re.I)
_ROLE_TOKEN = re.compile(r"<(?=[|｜])|\[(?=/?INST\])|<(?=/?(?:s|start_of_turn|end_of_turn)>)")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


def untrusted(text: object, name: str = "text", limit: int | None = None) -> str:
    """Return the text inside a block that names it and that it cannot close.

    Control characters and the marks by which models tell roles apart are defused; with `limit`, the rest
    beyond so many characters is left out, and the block says so.
    """
    plain = _CONTROL.sub("\ufffd", str(text).replace("\r\n", "\n").replace("\r", "\n"))
    left_out = len(plain) - limit if limit is not None and len(plain) > limit else 0
    if left_out:
        plain = plain[:limit]
    plain = _ROLE_TOKEN.sub(lambda m: m.group(0) + " ", _TAG.sub(r"&lt;\1", plain))
    mark = digest_of_bytes(plain.encode("utf-8", "replace"))[:16]
    label = re.sub(r"[^\w. -]", "_", _CONTROL.sub("_", str(name)))[:80]
    note = f"\n[{left_out} more characters left out]" if left_out else ""
    return f'<untrusted name="{label}" id="{mark}">\n{plain}{note}\n</untrusted id="{mark}">'
