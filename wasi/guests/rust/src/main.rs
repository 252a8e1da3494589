//! Publishes and receives through the component. Where the broker is, the environment says: `MQTT_SERVER`, a URL.

wit_bindgen::generate!({
    path: "../../../target/guests/wit",
    world: "program",
    generate_all,
    additional_derives: [Default],
    additional_derives_ignore: ["protocol-version", "acknowledgement", "state", "event"],
});

use mqtt_lib::client::mqtt::MqttCustom;
use mqtt_lib::client::types::{Credentials, Error, PublishOptions, SubscribeOptions};

const TOPIC: &str = "guest/rust";

fn talk() -> Result<(), Error> {
    let client = MqttCustom::new(&Credentials {
        mqttserver: std::env::var("MQTT_SERVER").ok(),
        ..Credentials::default()
    })?;
    client.start()?;
    let options = SubscribeOptions {
        qos: Some(1),
        ..SubscribeOptions::default()
    };
    client.subscribe(TOPIC, Some(&options))?;
    let options = PublishOptions {
        qos: Some(1),
        ..PublishOptions::default()
    };
    client.publish(TOPIC, b"hello from Rust", Some(&options))?;
    if let Some(message) = client.next_message(Some(10.0))? {
        println!("{} {}", message.topic, String::from_utf8_lossy(&message.payload));
    }
    client.stop(None)
}

fn main() {
    if let Err(error) = talk() {
        eprintln!("{} {}", error.code, error.message);
        std::process::exit(1);
    }
}
