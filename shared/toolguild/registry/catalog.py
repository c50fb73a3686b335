"""Every tool this process knows of: by digest, by name, by words, and whether it may run."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolguild.canonical import Digest
from toolguild.errors import Refused
from toolguild.registry.entry import NameEntry
from toolguild.registry.fit import fit
from toolguild.registry.index import Index, Text
from toolguild.tool import Draft, Published, ToolSpec
from toolguild.tool.record import Status

_RUNS: tuple[Status, ...] = ("published", "deprecated")
_PARSED = 512  # entries kept as objects; the others are read again from their bytes
_TRIED = 60  # search results that are held against a request


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    status: Status
    uses: tuple[Digest, ...]
    body: bytes


class Catalog:
    """The reads of a registry, over entries that somebody else feeds in, in any order and repeatedly."""

    def __init__(self, index_path: Path | None = None) -> None:
        """Start empty. The search index lives in memory, or in this file."""
        self._tools: dict[Digest, _Known] = {}
        self._names: dict[str, NameEntry] = {}
        self._shown: dict[str, Digest] = {}  # whose text the index has
        self._parsed: OrderedDict[Digest, Published] = OrderedDict()
        self._index = Index(index_path)

    def close(self) -> None:
        """Free the index. Idempotent."""
        self._index.close()

    def put_tool(self, key: Digest, body: bytes) -> None:
        """Take in an entry as stored. Raises ValueError when it is unreadable or not the tool of that digest."""
        entry = Published.model_validate_json(body)
        if entry.tool.digest != key:
            raise ValueError(f"the entry of {key} holds the tool {entry.tool.digest}")
        uses = tuple(entry.tool.draft.uses.values())
        self._tools[key] = _Known(entry.tool.name, entry.status, uses, body)
        self._remember(key, entry)
        self._show(entry.tool.name)

    def put_name(self, name: str, entry: NameEntry) -> None:
        """Take in which versions a name has."""
        self._names[name] = entry
        self._show(name)

    def drop_tool(self, key: Digest) -> None:
        """Forget a digest that is no longer stored."""
        self._parsed.pop(key, None)
        if known := self._tools.pop(key, None):
            self._show(known.name)

    def drop_name(self, name: str) -> None:
        """Forget a name that is no longer stored."""
        if self._names.pop(name, None) is not None:
            self._show(name)

    def get(self, tool: Digest) -> Published | None:
        """Return the entry of a digest, whatever its status."""
        if entry := self._parsed.get(tool):
            self._parsed.move_to_end(tool)
            return entry
        if known := self._tools.get(tool):
            entry = Published.model_validate_json(known.body)
            self._remember(tool, entry)
            return entry
        return None

    def runnable(self, tool: Digest) -> bool:
        """Whether a tool and all tools that it uses are known, and neither quarantined nor revoked."""
        known = self._tools.get(tool)
        return known is not None and known.status in _RUNS and all(map(self.runnable, known.uses))

    def closure(self, tool: Digest) -> tuple[Published, ...]:
        """Return a tool and all that it uses, used ones first, each once. Raises Refused if one may not run."""
        found: dict[Digest, Published] = {}
        self._collect(tool, (), found)
        return tuple(found.values())

    def _collect(
        self, tool: Digest, users: tuple[str, ...], found: dict[Digest, Published]
    ) -> None:
        if tool in found:
            return
        entry = self.get(tool)
        chain = "".join(f", used by {user}" for user in reversed(users))
        if entry is None:
            raise Refused(f"no tool {tool} in the registry{chain}")
        if entry.status not in _RUNS:
            raise Refused(f"{entry.tool.title} is {entry.status} ({entry.reason}){chain}")
        for used in entry.tool.draft.uses.values():
            self._collect(used, (*users, entry.tool.title), found)
        found[tool] = entry

    def find(self, name: str, version: str | None = None) -> Published | None:
        """Return exactly a version, or else the pinned or else the newest runnable one of a name.

        A deprecated version is chosen only where no other runs. A pin is never passed over: while the
        pinned version may not run, the name has none.
        """
        names = self.name_entry(name)
        if version is not None:
            return self.get(names.versions[version]) if version in names.versions else None
        current = self._current(names)
        return None if current is None else self.get(current)

    def name_entry(self, name: str) -> NameEntry:
        """Return which versions a name has and which one is pinned; an empty entry for an unknown name."""
        return self._names.get(name, NameEntry())

    def check_pin(self, name: str, version: str | None) -> None:
        """Raise Refused when a version, or a tool that it uses, may not run: no name can stand for it."""
        entry = self.find(name, version) if version is not None else None
        if entry is not None:
            self.closure(entry.tool.digest)

    def versions(self, name: str) -> Sequence[Published]:
        """Return every version of a name, oldest first."""
        names = self.name_entry(name)
        entries = (self.get(names.versions[version]) for version in names.ordered)
        return [entry for entry in entries if entry is not None]

    def all(self) -> Sequence[Published]:
        """Return the newest version of every name, in the order of names."""
        return [versions[-1] for name in sorted(self._names) if (versions := self.versions(name))]

    def search(self, query: str, *, limit: int = 5) -> Sequence[Published]:
        """Return the best runnable tools for a text, one for each name; deprecated ones are left out."""
        return [entry for entry, _ in zip(self._hits(query), range(limit), strict=False)]

    def fitting(self, spec: ToolSpec, *, limit: int = 5) -> Sequence[Published]:
        """Return runnable tools that share words with a request and whose schemas fit it, best first."""
        asked = f"{spec.name} {spec.purpose}"
        hits = zip(self._hits(asked), range(_TRIED), strict=False)
        return [entry for entry, _ in hits if fit(spec, entry.tool.draft) is not None][:limit]

    def _hits(self, query: str) -> Iterator[Published]:
        for name in self._index.search(query):
            current = self._current(self.name_entry(name))
            entry = None if current is None else self.get(current)
            if entry is not None and entry.status == "published":
                yield entry

    def _current(self, names: NameEntry) -> Digest | None:
        if names.pin is not None:
            pinned = names.versions.get(names.pin)
            return pinned if pinned is not None and self.runnable(pinned) else None
        newest_first = [names.versions[version] for version in reversed(names.ordered)]
        running = [tool for tool in newest_first if self.runnable(tool)]
        published = (tool for tool in running if self._tools[tool].status == "published")
        return next(published, running[0] if running else None)

    def _show(self, name: str) -> None:
        """Let the index have the text of the current version, or else of the newest that is known."""
        names = self.name_entry(name)
        known = [
            names.versions[v] for v in reversed(names.ordered) if names.versions[v] in self._tools
        ]
        shown = self._current(names) or (known[0] if known else None)
        if shown == self._shown.get(name):
            return
        entry = None if shown is None else self.get(shown)
        if shown is None or entry is None:
            self._shown.pop(name, None)
            self._index.drop(name)
        else:
            self._shown[name] = shown
            self._index.put(text_of(entry.tool.draft))

    def _remember(self, key: Digest, entry: Published) -> None:
        self._parsed[key] = entry
        self._parsed.move_to_end(key)
        if len(self._parsed) > _PARSED:
            self._parsed.popitem(last=False)


def text_of(draft: Draft) -> Text:
    """Return what can be searched of a tool."""
    fields = [*_field_words(draft.input_schema), *_field_words(draft.output_schema)]
    return Text(draft.name, " ".join(draft.aliases), draft.description, " ".join(fields))


def _field_words(schema: Any) -> Iterator[str]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    for name, part in properties.items() if isinstance(properties, dict) else ():
        yield name
        description = part.get("description") if isinstance(part, dict) else None
        if isinstance(description, str):
            yield description
