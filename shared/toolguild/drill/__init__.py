"""The durability drill: a guild of processes that is struck again and again while it works.

`run.drill` works through the same jobs twice, undisturbed and struck, and counts what must not happen. `count`,
`paid` and `takeover` are the counting: pure functions over what was recorded.
"""
