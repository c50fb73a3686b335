"""The audit chain: what an entry and a page are, and whether a chain is whole. Pure: bytes in, findings out.

docs/safety/audit.md specifies the format.
"""
