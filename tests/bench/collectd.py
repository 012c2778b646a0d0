"""collectd on the same load: one request a register, 0.5 s timeout, no journal. Values go to the same kind of broker."""
import pathlib
import subprocess

from machine import Process


def config(folder, broker_port, hosts, floats):
    """hosts: [(name, address lines, units)]"""
    text = f'BaseDir "{folder}"\nPIDFile "{folder}/collectd.pid"\nTypesDB "/usr/share/collectd/types.db"\n' \
           "Interval 1\nMaxReadInterval 5\nReadThreads 5\nWriteThreads 5\n" \
           "LoadPlugin modbus\nLoadPlugin mqtt\n<Plugin modbus>\n"
    for i in range(floats):
        text += f'<Data "r{i}">\nRegisterBase {2 * i}\nRegisterType Float\nRegisterCmd ReadHolding\nType gauge\nInstance "r{i}"\n</Data>\n'
    for name, address, units in hosts:
        text += f'<Host "{name}">\n{address}\nInterval 1\n'
        for unit in units:
            text += f'<Slave {unit}>\nInstance "u{unit}"\n' + "".join(f'Collect "r{i}"\n' for i in range(floats)) + "</Slave>\n"
        text += "</Host>\n"
    text += f'</Plugin>\n<Plugin mqtt>\n<Publish "bench">\nHost "127.0.0.1"\nPort {broker_port}\nPrefix "collectd"\nQoS 0\nStoreRates false\n</Publish>\n</Plugin>\n'
    file = pathlib.Path(folder) / "collectd.conf"
    file.write_text(text)
    return file


def start(file):
    return Process(["/usr/sbin/collectd", "-f", "-C", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
