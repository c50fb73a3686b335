"""The guild's door for programs: give it a goal, follow the task, step in, get the result."""
