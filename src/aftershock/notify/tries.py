"""Trying again: a few times, not for long, and only where it cannot do harm."""

from __future__ import annotations

import contextvars
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from aftershock.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST_TRIES = 3
LONGEST_WAIT = 30.0
"""Seconds that a service may ask us to wait; what asks for more has to be sent again later."""
WHOLE = 60.0
"""Seconds for all that is done for one delivery."""
WAITS = (1.0, 4.0)
"""Seconds before the second and the third try, where the service does not say."""
UNKNOWN = "it is unknown whether it arrived"


class Failure(Exception):  # noqa: N818  # an outcome of one try, which never leaves this room
    """A try that did not succeed.

    Args:
        why: one sentence without a full stop; it may hold credentials until it is cleaned.
        again: whether another try may succeed, and can do no harm.
        wait: seconds that the service asks for, 0 where it does not.
        lost: whether the message may have arrived all the same.
        code: the service's own word for it, where that matters.
    """

    def __init__(self, why: str, *, again: bool = False, wait: float = 0.0, lost: bool = False, code: str = "") -> None:
        self.why = why
        self.again = again
        self.wait = wait
        self.lost = lost
        self.code = code
        super().__init__(why)


class Patience(Generic[T]):
    """What is left of one delivery's time; ``tries`` is the number of tries that its last request took.

    Args:
        pause: waits for so many seconds.
        clock: seconds of a clock that only goes forward.
    """

    def __init__(self, pause: Callable[[float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._spent = 0.0
        self.tries = 0

    def until_done(self, attempt: Callable[[], T]) -> T:
        """What ``attempt`` returns, tried up to three times.

        Raises:
            Failure: the last try's; or time is up.
        """
        for number in range(MOST_TRIES):
            self.tries = number + 1
            try:
                return self._one(attempt)
            except Failure as found:
                failure = found
            wait = failure.wait or WAITS[min(number, len(WAITS) - 1)]
            if not failure.again or number + 1 == MOST_TRIES:
                break
            if wait > LONGEST_WAIT or self._spent + wait >= WHOLE:
                raise Failure(f"{failure.why}; to try again it would have to wait {counted(round(wait), 'second')}, which is too long", lost=failure.lost)
            self._pause(wait)
            self._spent += wait
        raise failure

    def _one(self, attempt: Callable[[], T]) -> T:
        left = WHOLE - self._spent
        if left <= 0:
            raise Failure(f"it took longer than {WHOLE:.0f} seconds")
        began = self._clock()
        try:
            return within(left, attempt)
        finally:
            self._spent += self._clock() - began


def within(seconds: float, call: Callable[[], T]) -> T:
    """What ``call`` returns, if it does so in time; else it is left to itself, in a thread that does not keep the program from ending.

    Raises:
        Failure: time is up; it is unknown what came of it.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001  # raised again below, in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise Failure(f"there was no answer within {counted(round(WHOLE), 'second')}; {UNKNOWN}", lost=True)
    return results[0]
