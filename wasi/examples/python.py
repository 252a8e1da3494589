"""The component from Python, through the pip package `wasmtime`.

    python wasi/examples/python.py localhost 1883

All of the interface can be called. What cannot be had is TCP: the C library in the wheel (49 and 50) begins with TCP
forbidden and has no function that allows it, so start() says that the host does not allow it. docs/wasi.md has more.
"""

import sys

from wasmtime import Engine, Store, WasiConfig
from wasmtime import _ffi as ffi
from wasmtime.component import Component, Linker, Record

FILE = "wasi/dist/mqtt-lib-client.wasm"
INTERFACE = "mqtt-lib:client/mqtt@0.1.0"


class Mqtt:
    """The functions of the interface by their names in WIT."""

    def __init__(self, file):
        engine = Engine()
        self.component = Component.from_file(engine, file)
        linker = Linker(engine)
        linker.add_wasip2()
        wasi = WasiConfig()
        wasi.inherit_stderr()
        # The class does not name these two; see above for what they bring.
        ffi.wasi_config_inherit_network(wasi.ptr())
        ffi.wasi_config_allow_ip_name_lookup(wasi.ptr(), True)
        self.store = Store(engine)
        self.store.set_wasi(wasi)
        self.instance = linker.instantiate(self.store, self.component)
        self.interface = self.instance.get_export_index(self.store, INTERFACE)

    def call(self, name, *arguments):
        index = self.instance.get_export_index(self.store, name, self.interface)
        return self.instance.get_func(self.store, index)(self.store, *arguments)

    def record(self, function, **given):
        """The record that the function takes first; what is not given is none."""
        index = self.instance.get_export_index(self.store, function, self.interface)
        _, fields = self.instance.get_func(self.store, index).type(self.store).params[0]
        record = Record()
        for name, _ in fields.fields:
            setattr(record, name, given.get(name))
        return record


def shown(result):
    """An error of the interface is a record with a code; none means that all is well."""
    return f"{result.code} {result.message}" if hasattr(result, "code") else result


def main(host="localhost", port="1883"):
    mqtt = Mqtt(FILE)
    new = "[constructor]mqtt-custom"
    print(shown(mqtt.call(new, mqtt.record(new, mqttport=0))))
    client = mqtt.call(new, mqtt.record(new, mqttserver=host, mqttport=int(port)))
    print(shown(mqtt.call("[method]mqtt-custom.start", client)))
    print(mqtt.call("[method]mqtt-custom.state", client))
    print(shown(mqtt.call("[method]mqtt-custom.batch-publish", client, "a", "{", None)))
    mqtt.call("[method]mqtt-custom.stop", client, None)
    client.drop(mqtt.store)


if __name__ == "__main__":
    main(*sys.argv[1:])
