"""Passwords and tokens as their files have them at the moment, so that a change needs no restart."""

from sems_exporter.config.passwords import from_file
from sems_exporter.delivery.failures import DeliveryFailed
from sems_exporter.errors import SettingError
from sems_exporter.telemetry.delivery_metrics import Reason
from sems_exporter.telemetry.redaction import MASKS, Secret


def revealed(secret: Secret) -> str:
    """The text that the file of `secret` has now; raises DeliveryFailed where it has none."""
    if secret.source is None:
        return secret.reveal()
    try:
        text = from_file("password_file", secret.source).reveal()
    except SettingError as error:
        raise DeliveryFailed(Reason.LOGIN, str(error)) from None
    if text != secret.reveal():
        MASKS.learn_password(text)
    return text
