"""Ports that stay ours from the moment they are chosen."""

import random
import socket
import sys

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections.
FREE_RANGE = range(20_000, 32_000)


class Port:
    """
    A free loopback port, reserved among all clones on this machine.

    "Is it free?" followed by a start some seconds later is a race, and web servers
    share ports silently (SO_REUSEPORT). So the port's number is claimed as a name in
    Linux's abstract socket namespace too: it lives where ports live, knows no users
    and no rights, and goes with the process that holds it, however that ends.

    Raises:
        OSError: the port is in use or reserved.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            if sys.platform == "linux":
                self._claim.bind(f"\0leadrails-port-{number}")
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                # As servers do it: closed connections of the last run do not count.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((LOOPBACK, number))
        except OSError:
            self._claim.close()
            raise

    def release(self) -> None:
        self._claim.close()


def take_port(*preferred: int) -> Port:
    """The first free one of the preferred ports, else any free one."""
    for number in (*preferred, *random.sample(FREE_RANGE, k=200)):
        try:
            return Port(number)
        except OSError:
            continue
    raise OSError("no free port on this machine")
