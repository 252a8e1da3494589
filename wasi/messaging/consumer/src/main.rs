//! Hands each message to the handler of a guest, one after the other, until the connection cannot go on.

wit_bindgen::generate!({
    path: "../wit",
    world: "consumer",
    generate_all,
});

use mqtt_lib::messaging::inbox;
use wasi::messaging::incoming_handler::handle;
use wasi::messaging::types::Error;

fn main() {
    let mut dealt_with = true;
    loop {
        let message = match inbox::next(dealt_with) {
            Ok(message) => message,
            Err(why) => {
                eprintln!("mqtt-lib-consumer: {why}");
                std::process::exit(1);
            }
        };
        let handled = handle(message);
        dealt_with = handled.is_ok();
        if let Err(error) = handled {
            eprintln!(
                "mqtt-lib-consumer: the handler refused a message: {}",
                sentence(&error)
            );
        }
    }
}

fn sentence(error: &Error) -> &str {
    match error {
        Error::Timeout => "timeout",
        Error::Connection(why) | Error::PermissionDenied(why) | Error::Other(why) => why,
    }
}
