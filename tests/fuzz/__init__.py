"""Fuzzing of what takes bytes from others: messages, the sandbox's channel, policy files, code."""
