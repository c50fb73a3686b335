"""How well each layer of safety does, measured on labelled sets and by real attacks."""
