"""Ports that stay ours from the moment they are chosen."""

import random
import socket
import sys

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel takes ports for outgoing connections.
FREE_RANGE = range(20_000, 32_000)


class Port:
    """
    A loopback port held by a bound socket that never listens.

    "Is it free?" followed by a start some seconds later is a race, and web servers
    share ports silently (SO_REUSEPORT). So the port is bound here, exclusively, and
    only then opened to sharing: our own server may listen on it, since it sets
    SO_REUSEADDR as all servers do, while another clone's exclusive bind fails.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.bind((LOOPBACK, number))
        except OSError:
            self._socket.close()
            raise
        if sys.platform == "linux":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        else:  # elsewhere a bound socket would keep our own server out
            self._socket.close()

    def release(self) -> None:
        self._socket.close()


def take_port(*preferred: int) -> Port:
    """The first free one of the preferred ports, else any free one."""
    for number in preferred:
        try:
            return Port(number)
        except OSError:
            continue
    for number in random.sample(FREE_RANGE, k=200):
        try:
            return Port(number)
        except OSError:
            continue
    raise OSError("no free port on this machine")


def answers(number: int) -> bool:
    """Whether something listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, number)) == 0
