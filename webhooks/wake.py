"""The wake-up of the callbacks' queue."""

from leadrails.jobs.wake import Waker

callback_waker = Waker("webhooks.process", "default")
