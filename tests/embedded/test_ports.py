import socket

import pytest

from leadrails.embedded.ports import LOOPBACK, Port, take_port


def test_a_port_is_reserved_before_anything_listens_on_it():
    port = take_port()
    with pytest.raises(OSError):
        Port(port.number)
    port.release()


def test_a_server_may_listen_on_the_reserved_port():
    port = take_port()
    with socket.create_server((LOOPBACK, port.number)):
        pass
    port.release()


def test_a_released_port_is_free_again():
    port = take_port()
    port.release()
    Port(port.number).release()


def test_a_port_in_use_is_passed_over():
    with socket.create_server((LOOPBACK, 0), reuse_port=True) as server:
        number = server.getsockname()[1]
        port = take_port(number)
        assert port.number != number
        port.release()


def test_the_preferred_port_is_taken_although_its_last_connections_linger():
    with socket.create_server((LOOPBACK, 0)) as server:
        number = server.getsockname()[1]
        with socket.create_connection((LOOPBACK, number)):
            server.accept()[0].close()  # this side waits in TIME_WAIT
    port = take_port(number)
    assert port.number == number
    port.release()
