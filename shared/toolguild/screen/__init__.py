"""Screening of what comes in: where each text is from, whether it gives orders, what a goal is for. Pure."""
