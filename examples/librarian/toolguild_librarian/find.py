from toolguild.agent import Worker
from toolguild.guild import Registry
from toolguild_librarian.messages import FindTool, Hit, ToolFound


def librarian(registry: Registry) -> Worker[FindTool]:
    """Return the worker that looks into this registry."""

    async def find(command: FindTool) -> ToolFound:
        found = registry.search(command.question, limit=command.limit)
        hits = tuple(
            Hit(title=one.tool.title, tool=one.tool.digest, description=one.tool.draft.description)
            for one in found
        )
        return ToolFound(task=command.task, question=command.question, hits=hits)

    return Worker(name="librarian", reads=FindTool, work=find)
