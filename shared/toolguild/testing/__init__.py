"""What tests of the guild and of agents written for it share: sample tools and throw-away keys."""
