"""Why something could not be delivered, as one sentence and one word for metrics."""

import errno

from sems_exporter.telemetry.delivery_metrics import Reason

_OF_ERRNO = {
    errno.ENOSPC: Reason.FULL,
    errno.EDQUOT: Reason.FULL,
    errno.EACCES: Reason.DENIED,
    errno.EPERM: Reason.DENIED,
    errno.EROFS: Reason.DENIED,
    errno.ENOENT: Reason.MISSING,
    errno.ENOTDIR: Reason.MISSING,
}


class DeliveryFailed(Exception):
    """It did not arrive. The text says why and holds no secret."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def unwritable(error: OSError, place: object) -> DeliveryFailed:
    """What it means that `place` on this machine cannot be written."""
    reason = _OF_ERRNO.get(error.errno or 0, Reason.DISK)
    return DeliveryFailed(reason, f"{place} cannot be written: {error.strerror or type(error).__name__}")
