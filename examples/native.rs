//! A whole client over `std::net`, without WebAssembly: subscribes, publishes one message at QoS 1, prints what
//! comes, stops when its own message has come back. If the broker goes away meanwhile, it reconnects.
//!
//! `cargo run --example native -- localhost:1883 test/topic hello`

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mqtt_lib::engine::{Config, Engine, Event, Filter, Message, Token, NOBODY};

const CHUNK: usize = 16 << 10;
const PUBLISHED: Token = 1;

/// What is beside the engine: a socket, and a clock.
struct Client {
    engine: Engine,
    socket: Option<TcpStream>,
    generation: u32,
    begun: Instant,
    server: String,
}

impl Client {
    fn new(server: &str) -> Self {
        let config = Config {
            servers: vec![format!("mqtt://{server}")],
            max_reconnect_delay: 5_000,
            ..Config::default()
        };
        // Client identifiers and reconnect delays come from it.
        let seed = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(1, |age| age.as_nanos() as u64);
        Client {
            engine: Engine::new(config, seed),
            socket: None,
            generation: 0,
            begun: Instant::now(),
            server: server.to_owned(),
        }
    }

    fn now(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    /// After every input: all bytes out, then all events, until there is neither.
    fn drain(&mut self, mut told: impl FnMut(&mut Engine, u64, Event)) {
        loop {
            self.send();
            let Some(event) = self.engine.next_event() else {
                break;
            };
            match event {
                Event::Open { generation, .. } => self.open(generation),
                Event::Close { .. } => {
                    self.send();
                    self.socket = None;
                }
                other => {
                    let now = self.now();
                    told(&mut self.engine, now, other);
                }
            }
        }
    }

    fn send(&mut self) {
        let now = self.now();
        while !self.engine.outgoing(now).is_empty() {
            let Some(socket) = &mut self.socket else { return };
            if let Err(error) = socket.write_all(self.engine.unsent()) {
                return self.lost(&error.to_string());
            }
            self.engine.sent(now);
        }
    }

    fn open(&mut self, generation: u32) {
        self.generation = generation;
        match TcpStream::connect(&self.server) {
            Ok(socket) => {
                self.socket = Some(socket);
                self.engine.opened(generation, self.now());
            }
            Err(error) => self.lost(&error.to_string()),
        }
    }

    fn lost(&mut self, why: &str) {
        self.socket = None;
        self.engine.closed(self.generation, why, self.now());
    }

    /// Waits for bytes or for the next deadline, whichever comes first.
    fn wait(&mut self) {
        let now = self.now();
        let left = self
            .engine
            .next_deadline()
            .map_or(1_000, |deadline| deadline.saturating_sub(now));
        let patience = Duration::from_millis(left.clamp(1, 1_000));
        match &mut self.socket {
            None => std::thread::sleep(patience),
            Some(socket) => {
                let mut bytes = [0; CHUNK];
                let read = socket
                    .set_read_timeout(Some(patience))
                    .and_then(|()| socket.read(&mut bytes));
                match read {
                    Ok(0) => self.lost("it ended"),
                    Ok(length) => {
                        self.engine.space(length).copy_from_slice(&bytes[..length]);
                        self.engine.received(self.generation, length, self.now());
                    }
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(error) => self.lost(&error.to_string()),
                }
            }
        }
        self.engine.tick(self.now());
    }
}

fn main() {
    let mut given = std::env::args().skip(1);
    let server = given.next().unwrap_or_else(|| "localhost:1883".to_owned());
    let topic = given.next().unwrap_or_else(|| "test/topic".to_owned());
    let text = given.next().unwrap_or_else(|| "hello".to_owned());

    let mut client = Client::new(&server);
    client.engine.start(0, NOBODY);
    // Both wait for the connection, in this order.
    client
        .engine
        .subscribe(
            vec![Filter {
                filter: topic.clone(),
                options: 1,
            }],
            Vec::new(),
            None,
            NOBODY,
        )
        .expect("a topic filter");
    let message = Message {
        topic: &topic,
        payload: text.as_bytes(),
        qos: 1,
        retain: false,
        properties: &[],
    };
    client.engine.publish(0, &message, PUBLISHED).expect("a message");

    while !client.engine.is_stopped() {
        client.drain(|engine, now, event| match event {
            Event::Connected { code: 0, .. } => println!("connected"),
            Event::Done {
                token: PUBLISHED,
                result,
            } => match result {
                Ok(_) => println!("acknowledged"),
                Err(error) => println!("not published: {}", error.message),
            },
            Event::Messages { from, upto } => {
                let mut is_ours = false;
                for record in &engine.records()[from..upto] {
                    let payload = &engine.inbound()[record.range()];
                    println!(
                        "{} {}",
                        engine.topic(record.topic),
                        String::from_utf8_lossy(payload)
                    );
                    is_ours |= payload == text.as_bytes();
                }
                if is_ours {
                    engine.stop(now, NOBODY);
                }
            }
            Event::Disconnected {
                error: Some(error), ..
            }
            | Event::Error(error) => println!("{}", error.message),
            _ => {}
        });
        if !client.engine.is_stopped() {
            client.wait();
        }
    }
    println!("stopped");
}
