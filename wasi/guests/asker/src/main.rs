//! Sends a message, and asks: prints the replies.

wit_bindgen::generate!({
    path: "../../../target/guests/wit",
    world: "asker",
    generate_all,
});

use wasi::messaging::producer::send;
use wasi::messaging::request_reply::{request, RequestOptions};
use wasi::messaging::types::{Client, Error, Message};

fn talk() -> Result<(), Error> {
    let client = Client::connect("work")?;
    let message = Message::new(b"hello");
    message.set_content_type("text/plain");
    message.add_metadata("from", "asker");
    send(&client, "guest/hello", message)?;

    let options = RequestOptions::new();
    options.set_timeout_ms(10_000);
    options.set_expected_replies(2);
    for reply in request(&client, "guest/job", &Message::new(b"21"), Some(options))? {
        println!("{}", String::from_utf8_lossy(&reply.data()));
    }

    let options = RequestOptions::new();
    options.set_timeout_ms(300);
    let silence = request(&client, "guest/nobody", &Message::new(b""), Some(options));
    println!("{}", matches!(silence, Err(Error::Timeout)));
    client.disconnect()
}

fn main() {
    if let Err(error) = talk() {
        eprintln!("{error:?}");
        std::process::exit(1);
    }
}
