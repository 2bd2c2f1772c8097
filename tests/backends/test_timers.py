"""Many timers on one thread."""

import os
import threading
import time

from wagtail_syndicate.backends import timers


def test_they_go_off_in_their_order_whatever_the_order_they_were_set_in():
    heard, done = [], threading.Event()
    timers.call_later(0.3, done.set)
    timers.call_later(0.2, lambda: heard.append("later"))
    timers.call_later(0.05, lambda: heard.append("sooner"))
    assert done.wait(5)
    assert heard == ["sooner", "later"]


def test_one_that_is_called_off_does_not_go_off():
    heard, done = [], threading.Event()
    call_off = timers.call_later(0.05, lambda: heard.append("called off"))
    timers.call_later(0.15, done.set)
    call_off()
    assert done.wait(5) and heard == []


def test_one_thread_does_for_all_of_them():
    timers.call_later(0.0, lambda: None)
    before = threading.active_count()
    off = [timers.call_later(60, lambda: None) for _ in range(50)]
    assert threading.active_count() == before
    for call_off in off:
        call_off()


def test_a_forked_process_has_timers_of_its_own():
    """Guard: register_at_fork; the thread of the parent is not there."""
    timers.call_later(0.0, lambda: None)
    child = os.fork()
    if not child:
        done = threading.Event()
        timers.call_later(0.05, done.set)
        os._exit(0 if done.wait(5) else 1)
    until = time.monotonic() + 10
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < until:
        time.sleep(0.02)
    assert os.waitstatus_to_exitcode(ended[1]) == 0
