//! A whole client over `std::net`, without WebAssembly: subscribes, publishes one message at QoS 1, prints what arrives,
//! and stops when its own message has come back. If the broker goes away meanwhile, it reconnects.
//!
//! It is also how an adapter is written: `Io` carries out what the engine says, `wait` brings it bytes and the time, and
//! `drive` drains it after each of these.
//!
//! `cargo run --example native -- localhost:1883 test/topic hello`

// An adapter reads the clock that the engine is given.
#![allow(clippy::disallowed_types)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, UNIX_EPOCH};

use mqtt_lib::engine::{
    drive, Change, Config, Delivery, Engine, Error, Event, Filter, Flow, Generation, Io, Message, Millis,
    Token,
};

struct Client {
    engine: Engine,
    socket: Option<TcpStream>,
    /// The number of the connection that the socket belongs to.
    generation: Generation,
    started: Instant,
    server: String,
    /// The payload of our own message.
    text: String,
}

impl Io for Client {
    fn now(&mut self) -> Millis {
        self.started.elapsed().as_millis() as Millis
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    /// `Config::persist` is off, so there is nothing to store.
    fn store(&mut self, _: Vec<Change>) -> Flow {
        Flow::Ready
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        if let Some(socket) = self.socket.as_mut().filter(|_| generation == self.generation) {
            if let Err(error) = socket.write_all(bytes) {
                self.closed(&error.to_string());
            }
        }
        Flow::Ready
    }

    fn deliver(&mut self, delivery: Delivery) {
        let mut is_ours = false;
        for message in &self.engine.messages()[delivery.from..delivery.upto] {
            let payload = &self.engine.received_bytes()[message.payload()];
            let topic = self.engine.topic(message.topic);
            println!("{topic} {}", String::from_utf8_lossy(payload));
            is_ours |= payload == self.text.as_bytes();
        }
        if is_ours {
            let now = self.now();
            self.engine.stop(now, None);
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Open { generation, .. } => self.open(generation),
            Event::Close { .. } => self.closed(""),
            Event::Connected { code: 0, .. } => println!("connected"),
            Event::Done { result, .. } => match result {
                Ok(_) => println!("acknowledged"),
                Err(error) => println!("not published: {error}"),
            },
            Event::Disconnected { error, .. } => error.iter().for_each(|error| println!("{error}")),
            Event::Error(error) => println!("{error}"),
            _ => {}
        }
    }
}

impl Client {
    fn open(&mut self, generation: Generation) {
        self.generation = generation;
        match TcpStream::connect(&self.server) {
            Ok(socket) => {
                self.socket = Some(socket);
                let now = self.now();
                self.engine.opened(now, generation);
            }
            Err(error) => self.closed(&error.to_string()),
        }
    }

    /// The connection has ended, or could not be made.
    fn closed(&mut self, why: &str) {
        self.socket = None;
        let now = self.now();
        self.engine.closed(now, self.generation, why);
    }

    /// Waits for bytes, or for the deadline.
    fn wait(&mut self, deadline: Option<Millis>) {
        let now = self.now();
        let timeout = deadline.map(|at| Duration::from_millis(at.saturating_sub(now).max(1)));
        match &mut self.socket {
            Some(socket) => {
                let mut bytes = [0; 16 << 10];
                let read = socket
                    .set_read_timeout(timeout)
                    .and_then(|()| socket.read(&mut bytes));
                match read {
                    Ok(0) => self.closed("the broker closed it"),
                    Ok(length) => {
                        self.engine.space(length).copy_from_slice(&bytes[..length]);
                        let now = self.now();
                        self.engine.received(now, self.generation, length);
                    }
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(error) => self.closed(&error.to_string()),
                }
                drive(self);
            }
            None => std::thread::sleep(timeout.unwrap_or_default()),
        }
        let now = self.now();
        self.engine.tick(now);
    }
}

fn main() -> Result<(), Error> {
    let argument = |at, default: &str| std::env::args().nth(at).unwrap_or_else(|| default.to_owned());
    let server = argument(1, "localhost:1883");
    let topic = argument(2, "test/topic");
    let text = argument(3, "hello");

    let config = Config {
        servers: vec![format!("mqtt://{server}")],
        max_reconnect_delay: 5_000,
        ..Config::default()
    };
    // The client identifier and the delays before a reconnect are made of it.
    let seed = UNIX_EPOCH.elapsed().map_or(1, |age| age.as_nanos() as u64);
    let mut engine = Engine::new(config, seed)?;
    engine.start(0, None);
    // Both are sent once there is a connection, in this order.
    let filter = Filter {
        filter: topic.clone(),
        options: 1, // QoS
    };
    engine.subscribe(vec![filter], Vec::new(), None, None)?;
    let message = Message {
        topic: &topic,
        payload: text.as_bytes(),
        qos: 1,
        retain: false,
        properties: &[],
    };
    engine.publish(0, &message, Token::new(1))?;

    let mut client = Client {
        engine,
        socket: None,
        generation: 0,
        started: Instant::now(),
        server,
        text,
    };
    loop {
        let deadline = drive(&mut client);
        if client.engine.is_stopped() {
            break;
        }
        client.wait(deadline);
    }
    println!("stopped");
    Ok(())
}
