"""What can be known to be wrong before a goal is given: cheap checks, so that nothing is started in vain."""

import os
import shutil
from typing import TYPE_CHECKING

from toolguild.errors import Misconfigured, UsageError

if TYPE_CHECKING:
    from toolguild.client.task import Order
    from toolguild.settings import Settings


async def check_before(order: "Order", settings: "Settings") -> None:
    """Raise UsageError for input files and models that cannot do. Asks no model and starts nothing.

    Raises Misconfigured when a model server of one's own does not listen.
    """
    from toolguild.cli.state import standing_url
    from toolguild.client.task import check_files
    from toolguild.policy.load import read_policy

    check_files(order.files, read_policy(settings.policy))
    if settings.nats_url is None:  # else the files go to another machine, maybe
        _check_room(order, settings)
    if settings.nats_url is None and standing_url(settings) is None:
        await _check_models(order)  # else the models are those of the guild there


def _check_room(order: "Order", settings: "Settings") -> None:
    """Raise UsageError when the input cannot be kept here: a disk that runs full stops the whole guild."""
    from toolguild.report.labels import bytes_text
    from toolguild.runtime.server import NEEDED_MB

    # Once in the object store, once as the copy that a sandbox sees.
    needed = 2 * sum(path.stat().st_size for path in order.files)
    where = settings.data_dir
    nearest = next(place for place in (where, *where.parents) if place.exists())
    free = max(0, shutil.disk_usage(nearest).free - NEEDED_MB * 2**20)
    if needed > free:
        raise UsageError(
            f"{where}: {bytes_text(free)} are free for input and {bytes_text(needed)} are needed, two copies of "
            "each file; make room, or set TOOLGUILD_DATA_DIR to a directory on a larger disk"
        )


async def _check_models(order: "Order") -> None:
    from toolguild.model.check import check_choice
    from toolguild.model.reach import check_reach
    from toolguild.model.settings import ModelSettings

    try:
        models = ModelSettings.from_environment(os.environ)
        check_choice(models, order.model)
    except Misconfigured as error:
        raise UsageError(str(error)) from error
    await check_reach(models, order.model)
