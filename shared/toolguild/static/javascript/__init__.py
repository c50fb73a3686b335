"""The static review of JavaScript: a real parser, constants, and the flow of names."""
