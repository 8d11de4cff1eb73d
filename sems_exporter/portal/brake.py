"""The account's brake: when a sign-in or a request is allowed. Pure state; `session` acts on it and keeps it on disk.

Careless clients got homes banned and phones logged out, so: at least a minute between sign-ins, doubling to a quarter
of an hour when they fail or the sessions they give do not last; none at all after three rejected credentials; and
a pause of the whole account when the portal says "too many requests".
"""

from dataclasses import dataclass, replace

SPACING = 60.0
LONGEST_SPACING = 900.0
MOST_REJECTIONS = 3
SHORT_LIFE = 1800.0
"""A session that dies younger than this was probably taken over by another client of the account."""
PAUSE = 300.0
LONGEST_PAUSE = 3600.0


@dataclass(frozen=True, slots=True)
class Brake:
    """Instants are Unix times in seconds; 0 means never."""

    next_login_at: float = 0.0
    failures: int = 0
    rejections: int = 0
    paused_until: float = 0.0
    pauses: int = 0

    @property
    def blocked(self) -> bool:
        """Whether sign-ins are off until the credentials change or a person releases the brake."""
        return self.rejections >= MOST_REJECTIONS

    def login_wait(self, now: float) -> float:
        """Seconds until the next sign-in is allowed by the spacing."""
        return max(0.0, self.next_login_at - now)

    def pause_left(self, now: float) -> float:
        """Seconds until requests are allowed again after a rate limit."""
        return max(0.0, self.paused_until - now)

    def bounded(self, now: float) -> "Brake":
        """Without instants farther ahead than the rules can set them.

        A clock that was ahead when they were written must not lock the account for years.
        """
        login, pause = min(self.next_login_at, now + LONGEST_SPACING), min(self.paused_until, now + LONGEST_PAUSE)
        same = login == self.next_login_at and pause == self.paused_until
        return self if same else replace(self, next_login_at=login, paused_until=pause)

    def attempting(self, now: float) -> "Brake":
        """A sign-in is about to be sent; kept on disk before it goes out, so that a crash loop counts too."""
        return replace(self, next_login_at=now + self.spacing())

    def signed_in(self) -> "Brake":
        """A sign-in gave a session. Whether that helps shows in how long it lasts."""
        return replace(self, rejections=0)

    def lasted(self, seconds: float) -> "Brake":
        """A session ended after `seconds`."""
        return replace(self, failures=0) if seconds >= SHORT_LIFE else self.failed()

    def failed(self) -> "Brake":
        """A sign-in failed, or its session was short: the next spacing doubles."""
        later = replace(self, failures=self.failures + 1)
        return replace(later, next_login_at=self.next_login_at + later.spacing() - self.spacing())

    def rejected(self) -> "Brake":
        """Account or password were rejected."""
        return replace(self.failed(), rejections=self.rejections + 1)

    def limited(self, now: float, retry_after: float | None) -> "Brake":
        """The portal asked for a pause, of `retry_after` seconds if it said so."""
        pause = PAUSE * 2 ** min(self.pauses, 8) if retry_after is None else max(PAUSE, retry_after)
        return replace(self, paused_until=now + min(pause, LONGEST_PAUSE), pauses=self.pauses + 1)

    def answered(self) -> "Brake":
        """A request went well: the next pause is short again."""
        return replace(self, pauses=0) if self.pauses else self

    def released(self) -> "Brake":
        """A person released the brake; only the spacing after the last attempt stays."""
        return Brake(next_login_at=self.next_login_at, paused_until=self.paused_until, pauses=self.pauses)

    def spacing(self) -> float:
        """Seconds from one sign-in to the next, after as many failures as there were."""
        return float(min(SPACING * 2 ** min(self.failures, 8), LONGEST_SPACING))
