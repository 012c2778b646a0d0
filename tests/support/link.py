"""A link between an agent and a broker that can freeze: it takes connections and carries nothing, as a 4G modem without a field does."""
import selectors
import socket
import threading


class Link:
    """A TCP relay on a free loopback port to `target` (a port). freeze() and thaw() may be called again and again."""

    def __init__(self, target):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        self._peers = {}
        self._frozen = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def freeze(self):
        self._frozen = True
        self._wake_writer.send(b"x")

    def thaw(self):
        self._frozen = False
        self._wake_writer.send(b"x")

    def close(self):
        self._closed = True
        self._wake_writer.send(b"x")
        self._thread.join()

    def _run(self):
        while not self._closed:
            for key, _ in self._selector.select():
                if key.fileobj is self._wake_reader:
                    self._wake_reader.recv(100)
                elif not self._frozen:
                    key.data(key.fileobj)
            self._listen_again()
        for open_socket in [*self._peers, self._listener, self._wake_reader, self._wake_writer]:
            open_socket.close()

    def _listen_again(self):
        """While frozen nothing is read: what is under way waits in the kernel, as in a modem."""
        for end, data in [(self._listener, self._accept), *((peer, self._carry) for peer in self._peers)]:
            known = end.fileno() in self._selector.get_map()
            if self._frozen and known:
                self._selector.unregister(end)
            elif not self._frozen and not known:
                self._selector.register(end, selectors.EVENT_READ, data)

    def _accept(self, _):
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        self._peers[near], self._peers[far] = far, near

    def _carry(self, end):
        if end not in self._peers:
            return
        try:
            data = end.recv(65536)
            if data:
                self._peers[end].sendall(data)
                return
        except OSError:
            pass  # either end is gone, and so then is the other
        for gone in (end, self._peers[end]):
            if gone.fileno() in self._selector.get_map():
                self._selector.unregister(gone)
            del self._peers[gone]
            gone.close()
