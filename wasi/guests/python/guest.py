"""Publishes and receives through the component, as a component of its own. Where the broker is, the environment says:
MQTT_SERVER, a URL."""

import os

from wit_world import exports
from wit_world.imports import mqtt, types

TOPIC = "guest/python"


def options(kind, **given):
    """A record in which everything else is left out."""
    fields = kind.__dataclass_fields__
    return kind(**{name: given.get(name) for name in fields})


class Run(exports.Run):
    def run(self) -> None:
        client = mqtt.MqttCustom.create(options(types.Credentials, mqttserver=os.environ["MQTT_SERVER"]))
        client.start()
        client.subscribe(TOPIC, options(types.SubscribeOptions, qos=1))
        client.publish(TOPIC, b"hello from Python", options(types.PublishOptions, qos=1))
        message = client.next_message(10.0)
        print(message.topic, message.payload.decode())
        client.stop(None)
