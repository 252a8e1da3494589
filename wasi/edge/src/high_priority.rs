//! `publish_high_priority`: one message over a connection of its own, which is then closed.

use mqtt_lib::engine::{Config, Error};

use crate::{Client, Outgoing, Settings};

/// The first failure is the answer; whatever it is, the connection is closed.
pub fn publish_high_priority(
    mut config: Config,
    settings: Settings,
    message: &Outgoing<'_>,
) -> Result<(), Error> {
    config.reconnect = false;
    mqtt_lib::engine::check_topic(message.topic)?;
    let mut client = Client::new(config, settings, None)?;
    let result = client.start().and_then(|()| client.publish(message, None));
    client.stop(0, &[])?;
    result.map(drop)
}
