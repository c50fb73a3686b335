"""`toolguild policy`: what the operator allows, as it is in force."""

from typing import TYPE_CHECKING

import typer

from toolguild.cli.options import Json

if TYPE_CHECKING:
    from pydantic import JsonValue

app = typer.Typer(help="Show what the operator allows.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Show what the operator allows."""


@app.command("usage")
def usage(
    default: bool = typer.Option(False, "--default", help="Print the shipped file, to be changed."),
    as_json: Json = False,
) -> int:
    """Show what the guild may be used for: the shipped usage policy, or the one that TOOLGUILD_USAGE names.

    JSON: source, doubtful, reference, categories{NAME: {description, action, words}}. Exit 2 when the file has a
    mistake.

    \b
    toolguild policy usage
    toolguild policy usage --default > usage.yaml
    """
    from toolguild.cli.chosen import settings_of
    from toolguild.cli.output import say, say_json, table
    from toolguild.policy.usage_file import read_usage, usage_text

    if default:
        say(usage_text().rstrip("\n"))
        return 0
    settings = settings_of()
    found = read_usage(settings.usage)
    source = str(settings.usage or "the shipped usage policy")
    if as_json:
        shown: dict[str, JsonValue] = {"source": source, **found.model_dump(mode="json")}
        say_json(shown)
        return 0
    say(f"{source}; doubtful goals: {found.doubtful}; see {found.reference}")
    rows = [
        (name, one.action, one.description, ", ".join(one.words))
        for name, one in found.categories.items()
    ]
    table(("category", "action", "about", "further words"), rows, empty="no category")
    return 0
