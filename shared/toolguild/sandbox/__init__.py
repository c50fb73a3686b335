"""Where untrusted code runs: one interface, several backends, one suite that all of them pass."""
