"""The wake-up of the callbacks' queue."""

from leadrails.jobs.wake import Waker

# Nobody waits for the second of two callbacks as a lead waits to be sent; in a burst
# each task so finds a batch. Twice as long saves 2 % of a callback's CPU time.
QUIET = 0.1  # seconds

callback_waker = Waker("webhooks.process", "default", quiet=QUIET)
