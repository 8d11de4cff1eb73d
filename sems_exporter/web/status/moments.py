"""How instants read on the status page: a clock time in the station's zone, and an age that keeps ticking."""

from datetime import UTC, datetime, tzinfo

from sems_exporter.web.status.language import date_text, tr


def clock_text(instant: datetime, zone: tzinfo | None, now: datetime) -> str:
    """The local time of day, with the date unless it is today's, and "UTC" where the zone is not known."""
    local, today = instant.astimezone(zone or UTC), now.astimezone(zone or UTC).date()
    day = "" if local.date() == today else f"{date_text(local)} "
    return f"{day}{local:%H:%M}{'' if zone else ' UTC'}"


def span_text(seconds: float) -> str:
    """A length of time in its largest fitting unit. The script on the page words it alike."""
    for size, limit, unit in ((1, 90, "s"), (60, 90 * 60, "min"), (3600, 48 * 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit}"
    return tr("{number} days", number=int(seconds // 86400))


def ago_text(seconds: float) -> str:
    """Say how long ago something was: "2 min ago"."""
    return tr("just now") if seconds < 10 else tr("{span} ago", span=span_text(seconds))


def script_words() -> dict[str, str]:
    """The same words for the script of the page."""
    words = {"ago": tr("{span} ago"), "just": tr("just now"), "in": tr("in {span}"), "now": tr("now")}
    return words | {"days": tr("{number} days")}


def clock(instant: datetime, zone: tzinfo | None, now: datetime) -> str:
    """A `time` element that shows the clock time."""
    return f'<time datetime="{_iso(instant)}">{clock_text(instant, zone, now)}</time>'


def ago(instant: datetime, now: datetime, limit: float | None = None) -> str:
    """An age that keeps ticking; beyond `limit` seconds the script unhides the flag beside it."""
    age = (now - instant).total_seconds()
    bound = "" if limit is None else f' data-limit="{limit:g}"'
    return f'<span data-ago="{instant.timestamp():.0f}"{bound}>{ago_text(age)}</span>'


def until(instant: datetime, now: datetime) -> str:
    """A time to come that keeps ticking."""
    left = (instant - now).total_seconds()
    text = tr("now") if left <= 0 else tr("in {span}", span=span_text(left))
    return f'<span data-until="{instant.timestamp():.0f}">{text}</span>'


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
