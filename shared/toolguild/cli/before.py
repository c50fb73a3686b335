"""What can be known to be wrong before a goal is given: cheap checks, so that nothing is started in vain."""

import os
from typing import TYPE_CHECKING

from toolguild.errors import Misconfigured, UsageError

if TYPE_CHECKING:
    from toolguild.client.task import Order
    from toolguild.settings import Settings


async def check_before(order: "Order", settings: "Settings") -> None:
    """Raise UsageError for input files and models that cannot do. Asks no model and starts nothing."""
    from toolguild.client.task import check_files
    from toolguild.runtime.main import read_policy

    check_files(order.files, read_policy(settings))
    if settings.nats_url is None:  # else the models are those of the guild there
        _check_models(order)


def _check_models(order: "Order") -> None:
    from toolguild.model.check import check_choice
    from toolguild.model.settings import ModelSettings

    try:
        check_choice(ModelSettings.from_environment(os.environ), order.model)
    except Misconfigured as error:
        raise UsageError(str(error)) from error
