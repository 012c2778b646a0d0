"""Meters that are not ours: pymodbus and libmodbus as Modbus servers, for the integration tests.

Registers are given as {(unit id, function): {first wire address: [register, …]}}; what is not given does not exist there.
"""
import asyncio
import json
import os
import socket
import struct
import subprocess
import threading

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.framer.rtu_framer import ModbusRtuFramer
from pymodbus.framer.socket_framer import ModbusSocketFramer
from pymodbus.server.async_io import (ModbusConnectedRequestHandler, ModbusSerialServer, ModbusSingleRequestHandler,
                                      ModbusTcpServer)

from tests.support.waiting import Stream

READ_FUNCTIONS = {1, 2, 3, 4, 17, 43}


def f32(value, order="big"):
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return [high, low] if order == "big" else [low, high]


def u32(value, order="big"):
    high, low = (value >> 16) & 0xFFFF, value & 0xFFFF
    return [high, low] if order == "big" else [low, high]


def crc16(data):
    """CRC-16/Modbus, as the two bytes that end an RTU frame."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


def context(registers):
    tables = {}
    for (unit, function), blocks in registers.items():
        tables.setdefault(unit, {})[function] = ModbusSparseDataBlock(dict(blocks))
    nothing = ModbusSparseDataBlock({0xFFFF: [0]})
    return ModbusServerContext(single=False, slaves={
        unit: ModbusSlaveContext(co=table.get(1, nothing), di=table.get(2, nothing), hr=table.get(3, nothing),
                                 ir=table.get(4, nothing), zero_mode=True)
        for unit, table in tables.items()})


class Pymodbus:
    """A pymodbus server in a thread; serial on a device name, or TCP on a socket that is bound and does not listen yet."""

    def __init__(self, registers, device=None, port=None, rtu_framing=False, baud=9600):
        self.context = context(registers)
        self.requests = []  # (unit id, function) of every request that was understood
        self._device, self._baud = device, baud
        self._framer = ModbusRtuFramer if device or rtu_framing else ModbusSocketFramer
        self._own = None
        if not device:
            self._own = port.socket if port else socket.socket()
            if not port:
                self._own.bind(("127.0.0.1", 0))
            self.port = self._own.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait()

    def _handler(self, base):
        meters = self

        class Handler(base):
            """Notes what was asked."""

            def execute(self, request, *address):
                meters.requests.append((request.unit_id, request.function_code))
                super().execute(request, *address)
        return Handler

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        self._ended = asyncio.Event()
        # a unit id that is not there stays silent, as on a wire
        if self._device:
            server = ModbusSerialServer(self.context, framer=self._framer, port=self._device, baudrate=self._baud,
                                        handler=self._handler(ModbusSingleRequestHandler), ignore_missing_slaves=True)
            await server.start()
            self._ready.set()
            await self._ended.wait()
            await server.shutdown()
        else:
            server = ModbusTcpServer(self.context, framer=self._framer, handler=self._handler(ModbusConnectedRequestHandler),
                                     ignore_missing_slaves=True)
            server.address, server.factory_parms = (), {"sock": self._own, "backlog": 20}
            task = asyncio.ensure_future(server.serve_forever())
            await server.serving
            self._ready.set()
            await self._ended.wait()
            for connection in list(server.active_connections.values()):
                connection.transport.abort()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def set(self, unit, function, address, values):
        self._loop.call_soon_threadsafe(self.context[unit].setValues, function, address, list(values))

    def close(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()
        written = [function for _, function in self.requests if function not in READ_FUNCTIONS]
        assert not written, f"a request that may change the meter: functions {written}"


class Libmodbus:
    """tests/support/libmodbus_server.cpp: one unit, TCP on a free port or RTU on a device."""

    def __init__(self, unit, function, first, values, device=None, baud=9600):
        server = os.environ["CONGTO_LIBMODBUS_SERVER"]
        where = ["--rtu", device, "--baud", str(baud)] if device else ["--tcp"]
        self.process = subprocess.Popen([server, *where, "--unit-id", str(unit), "--function", str(function), "--first", str(first),
                                         *map(str, values)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stream = Stream(self.process.stdout)
        ready = json.loads(self.stream.wait(lambda lines: lines[0] if lines else None, "libmodbus server ready"))
        self.port = ready.get("port")

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.stream.join()
