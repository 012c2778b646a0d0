"""The few MQTT 5 packets that a simulated box sends and hears: packing and unpacking, no network.
Used by box_load.py only; it is no client library."""
CONNACK, PUBLISH, PUBACK, SUBACK, DISCONNECT = 2, 3, 4, 9, 14


def length(number):
    """A variable byte integer."""
    packed = bytearray()
    while True:
        number, low = divmod(number, 128)
        packed.append(low | (0x80 if number else 0))
        if not number:
            return bytes(packed)


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return len(value).to_bytes(2, "big") + value


def packet(first, body):
    return bytes([first]) + length(len(body)) + body


def connect(client, keep_alive, expiry, will_topic, will, will_delay):
    """Without clean start, with a retained will of QoS 1."""
    flags = 0x04 | 0x08 | 0x20
    properties = b"\x11" + expiry.to_bytes(4, "big")
    will_properties = b"\x18" + will_delay.to_bytes(4, "big")
    return packet(0x10, text("MQTT") + bytes([5, flags]) + keep_alive.to_bytes(2, "big") + length(len(properties)) + properties
                  + text(client) + length(len(will_properties)) + will_properties + text(will_topic) + text(will))


def subscribe(number, topics):
    return packet(0x82, number.to_bytes(2, "big") + b"\x00" + b"".join(text(topic) + b"\x01" for topic in topics))


def publish(number, topic, payload, retained=False):
    """QoS 1."""
    return packet(0x32 | retained, text(topic) + number.to_bytes(2, "big") + b"\x00" + payload)


def puback(number):
    return b"\x40\x02" + number.to_bytes(2, "big")


def read_length(data, at):
    """(number, where it ends); (None, at) while bytes are missing."""
    number = shift = 0
    for end in range(at, min(at + 4, len(data))):
        number |= (data[end] & 0x7F) << shift
        shift += 7
        if not data[end] & 0x80:
            return number, end + 1
    return None, at


def take(data):
    """Takes the whole packets from the front of a bytearray: a list of (type, flags, body)."""
    packets, at = [], 0
    while at + 2 <= len(data):
        size, body = read_length(data, at + 1)
        if size is None or body + size > len(data):
            break
        packets.append((data[at] >> 4, data[at] & 0x0F, bytes(data[body:body + size])))
        at = body + size
    del data[:at]
    return packets


def read_publish(flags, body):
    """(topic, number or None at QoS 0, payload)."""
    size = int.from_bytes(body[:2], "big")
    topic, at, number = body[2:2 + size].decode(), 2 + size, None
    if flags & 0x06:
        number, at = int.from_bytes(body[at:at + 2], "big"), at + 2
    properties, at = read_length(body, at)
    return topic, number, body[at + properties:]
