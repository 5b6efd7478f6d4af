"""Ctrl-C and SIGTERM end a command wherever they hit it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: Seconds after which an interrupt that was dropped comes again.
AGAIN = 0.05


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end the block like Ctrl-C, and no interrupt be lost.

    Python drops an exception that hits a destructor or a weak reference's callback: a Ctrl-C in
    that moment would go unheard. It is sent once more. One that hits compiled code of a library
    can come out as an error of that code, with the interrupt as its cause; one that hits a
    constructor leaves a thing that cannot be destroyed in order, which is no news to anybody.
    """
    before = sys.unraisablehook
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        signal.default_int_handler(number, frame)

    def again(dropped: Any) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            if not heard:
                before(dropped)
            return
        main = threading.main_thread().ident
        if main is not None:
            threading.Timer(AGAIN, signal.pthread_kill, (main, signal.SIGTERM)).start()

    # What is finished is kept, and the run says that it was stopped.
    kept = {signal.SIGTERM: signal.signal(signal.SIGTERM, hear)}
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        kept[signal.SIGINT] = signal.signal(signal.SIGINT, hear)
    sys.unraisablehook = again
    try:
        yield
    except Exception as error:
        if _interrupted(error):
            raise KeyboardInterrupt from error
        raise
    finally:
        if not heard:
            sys.unraisablehook = before
            for number, handler in kept.items():
                signal.signal(number, handler)


def _interrupted(error: BaseException | None) -> bool:
    """Whether an interrupt is behind an error."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False
