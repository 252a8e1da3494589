//! rumqttc as its users use it where speed matters: one thread, the event loop polled by hand. Commands on standard input, as
//! in `protocol.h`.

use std::io::{stdin, BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, NetworkOptions, Outgoing, Packet, QoS};
use tokio::sync::Notify;

const TOPIC: &str = "bench/room/12/sensor";
/// So many events are processed between two looks at the clock.
const STEPS: u32 = 64;

struct Bench {
    client: AsyncClient,
    events: EventLoop,
    qos: QoS,
    window: u64,
    payload: Vec<u8>,
}

fn usage() -> libc::rusage {
    // SAFETY: a plain structure, filled by the call.
    unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    }
}

fn cpu() -> i64 {
    let usage = usage();
    let micros = |time: libc::timeval| time.tv_sec as i64 * 1_000_000 + time.tv_usec as i64;
    micros(usage.ru_utime) + micros(usage.ru_stime)
}

fn say(text: &str) {
    println!("{text}");
    std::io::stdout().flush().expect("the parent reads");
}

impl Bench {
    async fn next(&mut self) -> Event {
        self.events.poll().await.expect("the connection holds")
    }

    async fn until(&mut self, wanted: fn(&Packet) -> bool) {
        loop {
            match self.next().await {
                Event::Incoming(packet) if wanted(&packet) => return,
                _ => {}
            }
        }
    }

    async fn subscribe(&mut self, topic: &str) {
        self.client
            .subscribe(topic, QoS::AtMostOnce)
            .await
            .expect("the queue has room");
        self.until(|packet| matches!(packet, Packet::SubAck(_))).await;
    }

    async fn publish(&mut self, time: Duration) {
        let (start, before) = (Instant::now(), cpu());
        let (mut sent, mut confirmed) = (0, 0);
        loop {
            let open = start.elapsed() < time;
            while open && sent - confirmed < self.window {
                let payload = self.payload.clone();
                if self.client.try_publish(TOPIC, self.qos, false, payload).is_err() {
                    break;
                }
                sent += 1;
            }
            for _ in 0..STEPS {
                if confirmed == sent {
                    break;
                }
                confirmed += match (self.qos, self.next().await) {
                    (QoS::AtMostOnce, Event::Outgoing(Outgoing::Publish(_))) => 1,
                    (QoS::AtLeastOnce, Event::Incoming(Packet::PubAck(_))) => 1,
                    (QoS::ExactlyOnce, Event::Incoming(Packet::PubComp(_))) => 1,
                    _ => 0,
                };
            }
            if !open && confirmed == sent {
                break;
            }
        }
        self.subscribe("bench/arrived").await;
        let wall = start.elapsed().as_micros();
        say(&format!("{sent} {} {wall} {}", cpu() - before, usage().ru_maxrss));
    }

    async fn receive(&mut self) {
        let target = Arc::new(AtomicU64::new(u64::MAX));
        let known = Arc::new(Notify::new());
        let (start, before) = (Instant::now(), cpu());
        say("ok");
        let (shared, notify) = (Arc::clone(&target), Arc::clone(&known));
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            stdin().lock().read_line(&mut line).expect("the parent writes");
            shared.store(line.trim().parse().expect("a number"), Ordering::Relaxed);
            notify.notify_one();
        });
        let mut received = 0;
        while received < target.load(Ordering::Relaxed) {
            tokio::select! {
                biased;
                event = self.events.poll() => {
                    let event = event.expect("the connection holds");
                    received += matches!(event, Event::Incoming(Packet::Publish(_))) as u64;
                }
                () = known.notified() => {}
            }
        }
        let wall = start.elapsed().as_micros();
        say(&format!(
            "{received} {} {wall} {}",
            cpu() - before,
            usage().ru_maxrss
        ));
        reader.join().expect("it has read");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |place: usize| arguments[place].parse::<u64>().expect("a number");
    let window = number(4);
    let mut options = MqttOptions::new("bench", arguments[1].as_str(), number(2) as u16);
    options.set_inflight(window as u16);
    options.set_keep_alive(Duration::from_secs(60));
    let (client, mut events) = AsyncClient::new(options, window as usize);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    events.set_network_options(network);
    let qos = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][number(3) as usize];
    let payload = vec![b'x'; number(5) as usize];
    let mut bench = Bench {
        client,
        events,
        qos,
        window,
        payload,
    };
    bench.until(|packet| matches!(packet, Packet::ConnAck(_))).await;
    say("connected");
    let mut line = String::new();
    while stdin().read_line(&mut line).expect("the parent writes") > 0 {
        match line.trim().split_once(' ') {
            Some(("publish", ms)) => {
                bench
                    .publish(Duration::from_millis(ms.parse().expect("a number")))
                    .await
            }
            _ if line.trim() == "subscribe" => {
                bench.subscribe(TOPIC).await;
                say("ok");
            }
            _ => bench.receive().await,
        }
        line.clear();
    }
}
