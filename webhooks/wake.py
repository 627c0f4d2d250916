"""The wake-up of the callbacks' queue."""

from leadrails.jobs.wake import Waker

# Nobody waits for the second of two callbacks as a lead waits to be sent; in a burst
# each task so finds a whole batch, at half of what each alone costs.
QUIET = 0.2  # seconds

callback_waker = Waker("webhooks.process", "default", quiet=QUIET)
