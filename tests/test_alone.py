"""Work that one thread of a process does at a time."""

from threading import Event, Thread

import pytest

from leadrails.alone import one_at_a_time


def test_who_comes_meanwhile_leaves_at_once_and_whoever_comes_later_does_it():
    began, go_on, done = Event(), Event(), []

    @one_at_a_time
    def work(who):
        began.set()
        go_on.wait(30)
        done.append(who)
        if who == "fails":
            raise ValueError

    first = Thread(target=work, args=["first"])
    first.start()
    assert began.wait(30)
    work("meanwhile")
    assert done == []
    go_on.set()
    first.join()
    with pytest.raises(ValueError):
        work("fails")
    work("later")
    assert done == ["first", "fails", "later"]
