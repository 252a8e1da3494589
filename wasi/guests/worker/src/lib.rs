//! Replies to each job twice, with its double and its square, and tells of it; refuses what is no number.

wit_bindgen::generate!({
    path: "../../../target/guests/wit",
    world: "worker",
    generate_all,
});

use exports::wasi::messaging::incoming_handler::{Error, Guest, Message as Received};
use wasi::messaging::producer::send;
use wasi::messaging::request_reply::reply;
use wasi::messaging::types::{Client, Message};

struct Worker;

export!(Worker);

impl Guest for Worker {
    fn handle(message: Received) -> Result<(), Error> {
        let text = String::from_utf8_lossy(&message.data()).into_owned();
        let number: i64 = text
            .parse()
            .map_err(|_| Error::Other(format!("\"{text}\" is no number")))?;
        for result in [2 * number, number * number] {
            reply(&message, Message::new(result.to_string().as_bytes()))?;
        }
        let client = Client::connect("")?;
        let told = Message::new(format!("{} {text}", message.topic().unwrap_or_default()).as_bytes());
        send(&client, "guest/done", told)
    }
}
