"""The static review of Python: scopes, constants, the flow of values, and the judge."""
