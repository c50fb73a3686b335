"""The way out of a sandbox for granted hosts: a proxy in the supervisor, one for each call."""
