"""A real mail server on loopback that answers as it is told and keeps what it takes."""

import email.parser
import email.policy
import socket
import threading


class MailServer:
    def __init__(self):
        self.taken = []
        self.answers = {}
        """By command, such as {"RCPT": "550 5.1.1 No such user"}."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self):
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as wire:
                self._converse(wire)

    def _converse(self, wire):
        self._say(wire, "220 mail.test")
        while line := wire.readline():
            command = line.split()[0].decode().upper()
            if command in self.answers:
                self._say(wire, self.answers[command])
            elif command == "DATA":
                self._say(wire, "354 Go on")
                self.taken.append(self._read(wire))
                self._say(wire, "250 Taken")
            elif command == "QUIT":
                self._say(wire, "221 Bye")
                return
            else:
                self._say(wire, "250 OK")

    def _say(self, wire, text):
        wire.write(text.encode() + b"\r\n")
        wire.flush()

    def _read(self, wire):
        lines = iter(wire.readline, b".\r\n")
        parser = email.parser.BytesParser(policy=email.policy.default)
        return parser.parsebytes(b"".join(lines))
