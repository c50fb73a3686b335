"""The settings of one command."""

from pathlib import Path

from toolguild.settings import Settings, load_settings


def settings_of(policy: Path | None = None) -> Settings:
    """Return the settings of this command. Raises UsageError when the policy file cannot be used."""
    if policy is not None:
        from toolguild.policy import load_policy

        load_policy(policy)
    return load_settings(policy=policy)
