"""Finding the prompt files of the installed services."""

from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from toolguild.canonical import Digest
from toolguild.errors import Misconfigured
from toolguild.model.prompt import Prompt, PromptFile, parse_prompt


class PromptLibrary:
    """The prompts by name. Files are read once; a prompt is parsed when it is first asked for."""

    def __init__(self, files: Iterable[PromptFile]) -> None:
        """Raises Misconfigured if two files have one name."""
        self._files: dict[str, PromptFile] = {}
        self._prompts: dict[str, Prompt] = {}
        for file in files:
            other = self._files.setdefault(file.name, file)
            if other.path != file.path:
                raise Misconfigured(
                    f"two prompts are named {file.name!r}: {other.path} and {file.path}; rename one"
                )

    @classmethod
    def of_directories(cls, *folders: Path, override: Path | None = None) -> "PromptLibrary":
        """Read every Markdown file below these folders; a file below `override` stands in for its namesake."""
        library = cls(file for folder in folders for file in _read(folder))
        if override is not None:
            if not override.is_dir():
                raise Misconfigured(f"TOOLGUILD_PROMPTS: there is no folder {override}")
            library._files.update({file.name: file for file in _read(override)})
        return library

    @classmethod
    def of_packages(cls, *packages: str, override: Path | None = None) -> "PromptLibrary":
        """Read the `prompts` folders of these packages, without importing them."""
        return cls.of_directories(*(f for p in packages for f in _folders(p)), override=override)

    @classmethod
    def installed(cls, override: Path | None = None) -> "PromptLibrary":
        """Read our own prompts, and those of every service in the group `toolguild.services`."""
        modules = {point.module for point in entry_points(group="toolguild.services")}
        return cls.of_packages("toolguild.model", *sorted(modules), override=override)

    def get(self, name: str) -> Prompt:
        """Return a prompt. Raises Misconfigured if there is none or it cannot be read."""
        if name not in self._prompts:
            self._prompts[name] = parse_prompt(self._file(name), self._file)
        return self._prompts[name]

    def digests(self) -> Mapping[str, Digest]:
        """Return the digest of every prompt; patterns count through the prompts that include them."""
        prompts = (name for name, file in self._files.items() if "role" in file.front)
        return {name: self.get(name).digest for name in sorted(prompts)}

    def _file(self, name: str) -> PromptFile:
        try:
            return self._files[name]
        except KeyError:
            known = ", ".join(sorted(self._files)) or "none"
            raise Misconfigured(f"there is no prompt {name!r}; there are: {known}") from None


def _folders(package: str) -> list[Path]:
    spec = find_spec(package)  # finds a top-level package without running it
    places = spec.submodule_search_locations if spec is not None else None
    found = [Path(place) / "prompts" for place in places or ()]
    return [folder for folder in found if folder.is_dir()]


def _read(folder: Path) -> list[PromptFile]:
    paths = sorted(path for path in folder.rglob("*.md") if path.is_file())
    return [
        PromptFile(path.relative_to(folder).with_suffix("").as_posix(), path, path.read_bytes())
        for path in paths
        if path.name != "README.md"
    ]
