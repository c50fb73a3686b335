"""Which published tools an author may call from the new one."""

from collections.abc import Sequence

from toolguild.guild import Registry
from toolguild.tool import Published, ToolSpec
from toolguild_synthesizer.signature import content_words, names_of, words_of

MOST = 2  # more functions in a prompt make a small model worse
_SEARCHED = 8


def callable_tools(registry: Registry, spec: ToolSpec) -> Sequence[Published]:
    """Return the few published tools that do a part of what is wanted, best first.

    A tool counts when most words of its name stand in the request. One that takes the same arguments as
    the request is no part of it but a rival, which others try before a tool is made.
    """
    wanted = content_words(words_of(spec))
    found = []
    for entry in registry.search(spec.purpose, limit=_SEARCHED):
        draft = entry.tool.draft
        name = content_words(draft.name)
        rival = draft.name == spec.name or set(names_of(draft.input_schema)) == set(
            names_of(spec.input_schema)
        )
        if (
            draft.language == spec.language
            and not rival
            and name
            and 2 * len(name & wanted) > len(name)
        ):
            found.append(entry)
    return found[:MOST]
