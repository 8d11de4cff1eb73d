"""The account's brake: when a sign-in or a request is allowed. Pure state; `session` acts on it and keeps it on disk.

Careless clients got homes banned and phones logged out, so: at least a minute between sign-ins, doubling to a quarter
of an hour when they fail or the sessions they give do not last; none at all after three rejected credentials; and
a pause of the whole account when the portal says "too many requests".

A sign-in is written down as the worst it can be before it is sent, and made good when its answer is known:

    attempting ──> signed_in        a session; whether that helps shows in how long it `lasted`
               ├─> unreached        nothing reached the portal: as if it had not been tried, but for the spacing
               ├─> failed           an answer without a session, or none in time
               ├─> rejected         account or password are wrong; the third in a row blocks
               └─> (the process dies)   stays as written: a failure that counts towards the block
"""

from dataclasses import dataclass, replace

from sems_exporter import errors

SPACING = 60.0
LONGEST_SPACING = 900.0
MOST_REJECTIONS = 3
SHORT_LIFE = 1800.0
"""A session that dies younger than this was probably taken over by another client of the account."""
MANY_REPLACED = 3
"""Sessions in a row that another client took over, after which the sign-ins are left to that one for longer."""
LONGEST_TRUCE = 3600.0
MOST_SAID = 200
"""Characters of the portal's words that are kept."""
PAUSE = 300.0
LONGEST_PAUSE = 3600.0
BY_PROTOCOL = frozenset(
    each.reason
    for each in (
        errors.ProtocolChanged,
        errors.UnknownCode,
        errors.RequestInvalid,
        errors.AnswerUnreadable,
        errors.AnswerEmpty,
        errors.LoginRefused,
        errors.AgreementPending,
    )
)
"""Outcomes of a sign-in that say something about how it was asked, and nothing against the account."""
UNANSWERED = "unanswered"
"""Outcome of a sign-in whose answer is not known, because it is on its way or the process died under it."""


@dataclass(frozen=True, slots=True)
class LoginThrottle:
    """Instants are Unix times in seconds; 0 means never.

    `failures` and `rejections` are those in a row, `unanswered` the sign-ins since the last good one whose answer
    nobody saw, `pauses` the rate limits since the last good answer. `outcome` is how the sign-in of `attempted_at`
    ended: "ok" or the reason of a failure, and `said` what the portal said then.

    Of the session: `answers` is 1 once it gave a good answer, `refused` 1 while the portal refuses it without ever
    having given one; `replaced` counts those in a row that were good and ended young.
    """

    next_login_at: float = 0.0
    failures: int = 0
    rejections: int = 0
    paused_until: float = 0.0
    pauses: int = 0
    unanswered: int = 0
    attempted_at: float = 0.0
    paused_at: float = 0.0
    outcome: str = ""
    said: str = ""
    answers: int = 0
    refused: int = 0
    replaced: int = 0

    @property
    def blocked(self) -> bool:
        """Tell whether sign-ins are off until the credentials change or a person releases the brake."""
        return self.rejections + self.unanswered >= MOST_REJECTIONS

    @property
    def is_released(self) -> bool:
        """Tell whether nothing is held against the account but the time of the last sign-in."""
        return not (self.failures or self.rejections or self.unanswered)

    def login_wait(self, now: float) -> float:
        """Seconds until the next sign-in is allowed by the spacing."""
        return max(0.0, self.next_login_at - now)

    def pause_left(self, now: float) -> float:
        """Seconds until requests are allowed again after a rate limit."""
        return max(0.0, self.paused_until - now)

    def spacing(self) -> float:
        """Seconds from one sign-in to the next, after as many failures as there were."""
        return float(min(SPACING * 2 ** min(self.failures, 8), self.longest))

    @property
    def longest(self) -> float:
        """Seconds that the spacing can grow to."""
        return LONGEST_TRUCE if self.replaced >= MANY_REPLACED else LONGEST_SPACING

    def attempting(self, now: float) -> "LoginThrottle":
        """A sign-in is about to be sent; kept on disk before it goes out, so that a crash loop counts too."""
        worst = replace(self, failures=self.failures + 1, unanswered=self.unanswered + 1)
        worst = replace(worst, attempted_at=now, outcome=UNANSWERED, said="", answers=0, refused=0)
        return replace(worst, next_login_at=now + worst.spacing())

    def signed_in(self) -> "LoginThrottle":
        """The sign-in gave a session."""
        return replace(self._with_failures(self.failures - 1), rejections=0, unanswered=0, outcome="ok")

    def unreached(self, outcome: str, said: str = "") -> "LoginThrottle":
        """The sign-in never reached the portal, so it cannot have harmed the account."""
        return self._with_failures(self.failures - 1).failed(outcome, said)

    def failed(self, outcome: str, said: str = "") -> "LoginThrottle":
        """The sign-in gave no session: the spacing stays doubled."""
        return replace(self, unanswered=max(0, self.unanswered - 1), outcome=outcome, said=said[:MOST_SAID])

    def rejected(self, outcome: str, said: str = "") -> "LoginThrottle":
        """Account or password were rejected."""
        return replace(self.failed(outcome, said), rejections=self.rejections + 1)

    def doubted(self, now: float) -> "LoginThrottle":
        """The portal refuses a session that it has given and that never worked.

        After several sign-ins it does so for a while, so the next one is put off, and the session tried again then.
        """
        later = replace(self, failures=self.failures + 1, refused=1)
        return replace(later, next_login_at=max(self.next_login_at, now + later.spacing()))

    def lasted(self, seconds: float) -> "LoginThrottle":
        """A session ended after `seconds`; a short one counts like a failed sign-in."""
        if seconds >= SHORT_LIFE:
            return replace(self, failures=0, replaced=0)
        later = replace(self, failures=self.failures + 1, replaced=self.replaced + self.answers)
        return replace(later, next_login_at=self.next_login_at + later.spacing() - self.spacing())

    def limited(self, now: float, retry_after: float | None) -> "LoginThrottle":
        """The portal asked for a pause, of `retry_after` seconds if it said so.

        Limits that answer requests from before the pause belong to it: it lasts from the latest of them.
        """
        if not self.pause_left(now):
            length = _pause(PAUSE * 2 ** min(self.pauses, 8) if retry_after is None else retry_after)
            return replace(self, paused_until=now + length, paused_at=now, pauses=self.pauses + 1)
        length = _pause(PAUSE if retry_after is None else retry_after)
        return replace(self, paused_until=max(self.paused_until, now + length))

    def answered(self) -> "LoginThrottle":
        """A request went well: the session works, and the next pause is short again."""
        works = replace(self, pauses=0, answers=1, refused=0)
        return self if works == self else works

    def corrected(self) -> "LoginThrottle":
        """Sign-ins and calls are made in another way from now on, as a person has written down.

        A session that was refused may be tried again; failed sign-ins do not put off the next one any longer than a
        good one would. What counts against the account stays.
        """
        again = replace(self, refused=0)
        if self.outcome not in BY_PROTOCOL or self.rejections or self.unanswered:
            return again
        soonest = min(self.next_login_at, self.attempted_at + SPACING)
        return replace(again, failures=0, next_login_at=soonest)

    def released(self) -> "LoginThrottle":
        """A person released the brake, or the credentials are new; only the times to wait stay."""
        return replace(self, failures=0, rejections=0, unanswered=0, replaced=0)

    def moved(self, seconds: float) -> "LoginThrottle":
        """The same on a clock that is `seconds` ahead of the one it was written by."""

        def move(instant: float) -> float:
            return instant + seconds if instant else instant

        return replace(
            self,
            next_login_at=move(self.next_login_at),
            paused_until=move(self.paused_until),
            attempted_at=move(self.attempted_at),
            paused_at=move(self.paused_at),
        )

    def bounded(self, now: float) -> "LoginThrottle":
        """Without instants farther ahead than the rules can set them.

        A clock that was ahead when they were written must not lock the account for years.
        """
        # The last sign-in was not after now, so neither is what has to lie between it and the next one.
        early = max(0.0, self.attempted_at - now)
        return replace(
            self,
            next_login_at=min(self.next_login_at - early, now + self.longest),
            paused_until=min(self.paused_until, now + LONGEST_PAUSE),
            attempted_at=min(self.attempted_at, now),
            paused_at=min(self.paused_at, now),
        )

    def _with_failures(self, failures: int) -> "LoginThrottle":
        later = replace(self, failures=max(0, failures))
        return replace(later, next_login_at=self.next_login_at + later.spacing() - self.spacing())


def _pause(seconds: float) -> float:
    # In this order also for what is no number: PAUSE.
    return min(max(PAUSE, seconds), LONGEST_PAUSE)
