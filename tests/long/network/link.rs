//! A link between two network namespaces that loses, delays, reorders, duplicates and slows packets, drops large ones, or
//! swallows all of them: what `tc netem` does, which not every kernel has, with a seed. Compiled by `namespaces.mjs` with
//! rustc alone.
//!
//!   link SEED NAME NAME     makes two TUN devices, says "ready", and joins them
//!
//! Each line of standard input sets what happens from then on: `loss delay jitter reorder duplicate rate mtu`: shares of one,
//! milliseconds, bytes per second, bytes; 0 is none. A rate of 1 is a black hole. It ends with its standard input.

use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const TUNSETIFF: u64 = 0x4004_54ca;
const IFF_TUN: u16 = 1;
const IFF_NO_PI: u16 = 0x1000;
/// What a router keeps for a slow link; what comes on top of it is lost.
const LONGEST_QUEUE: Duration = Duration::from_millis(800);

extern "C" {
    fn ioctl(fd: i32, request: u64, argument: *mut u8) -> i32;
}

fn tun(name: &str) -> File {
    let device = OpenOptions::new().read(true).write(true).open("/dev/net/tun").expect("/dev/net/tun");
    let mut request = [0u8; 40];
    request[..name.len()].copy_from_slice(name.as_bytes());
    request[16..18].copy_from_slice(&(IFF_TUN | IFF_NO_PI).to_ne_bytes());
    // SAFETY: the request is an `ifreq` of 40 bytes, which the kernel reads and writes.
    let answer = unsafe { ioctl(device.as_raw_fd(), TUNSETIFF, request.as_mut_ptr()) };
    assert_eq!(answer, 0, "TUNSETIFF {name}: {}", std::io::Error::last_os_error());
    device
}

#[derive(Clone, Copy, Default)]
struct Conditions {
    loss: f64,
    delay: f64,
    jitter: f64,
    reorder: f64,
    duplicate: f64,
    rate: f64,
    mtu: f64,
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A packet on its way; the earliest is the greatest.
#[derive(PartialEq, Eq)]
struct Packet {
    at: Instant,
    number: u64,
    bytes: Vec<u8>,
}

impl Ord for Packet {
    fn cmp(&self, other: &Packet) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Packet {
    fn partial_cmp(&self, other: &Packet) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

type Queue = Arc<(Mutex<BinaryHeap<Packet>>, Condvar)>;

/// One direction: reads, and decides when each packet arrives.
fn take(mut from: File, queue: Queue, conditions: Arc<Mutex<Conditions>>, seed: u64) {
    let mut random = Random(seed);
    let mut buffer = [0; 65_536];
    let mut number = 0;
    let mut free = Instant::now();
    let mut last = Instant::now();
    while let Ok(length) = from.read(&mut buffer) {
        let now = conditions.lock().unwrap();
        let is_large = now.mtu > 0.0 && length as f64 > now.mtu;
        if now.rate == 1.0 || is_large || random.next() < now.loss {
            continue;
        }
        let arrival = Instant::now();
        if now.rate > 0.0 {
            free = free.max(arrival);
            if free - arrival > LONGEST_QUEUE {
                continue;
            }
            free += Duration::from_secs_f64(length as f64 / now.rate);
        } else {
            free = arrival;
        }
        let copies = if random.next() < now.duplicate { 2 } else { 1 };
        for _ in 0..copies {
            let delay = (now.delay + now.jitter * random.next()) / 1_000.0;
            let mut at = free + Duration::from_secs_f64(delay);
            // Jitter alone reorders nothing; a packet that is to be reordered overtakes the others, or falls behind.
            if random.next() < now.reorder {
                at += Duration::from_secs_f64((now.delay + 5.0) / 1_000.0 * random.next());
            } else {
                at = at.max(last);
                last = at;
            }
            number += 1;
            let bytes = buffer[..length].to_vec();
            queue.0.lock().unwrap().push(Packet { at, number, bytes });
            queue.1.notify_one();
        }
    }
}

/// The other end of it: writes each packet at its time.
fn give(mut to: File, queue: Queue) {
    let (heap, more) = &*queue;
    let mut waiting = heap.lock().unwrap();
    loop {
        let now = Instant::now();
        waiting = match waiting.peek().map(|packet| packet.at) {
            None => more.wait(waiting).unwrap(),
            Some(at) if at > now => more.wait_timeout(waiting, at - now).unwrap().0,
            Some(_) => {
                let packet = waiting.pop().expect("the first");
                drop(waiting);
                // Fails while the device is down: that is a loss.
                let _ = to.write_all(&packet.bytes);
                heap.lock().unwrap()
            }
        };
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seed, one, other] = &arguments[..] else {
        panic!("link SEED NAME NAME");
    };
    let seed: u64 = seed.parse().expect("a number");
    let conditions = Arc::new(Mutex::new(Conditions::default()));
    let devices = [tun(one), tun(other)];
    for (at, (from, to)) in [(0, 1), (1, 0)].into_iter().enumerate() {
        let queue: Queue = Arc::default();
        let (from, to) = (devices[from].try_clone().unwrap(), devices[to].try_clone().unwrap());
        let (taken, given) = (queue.clone(), queue);
        let (conditions, seed) = (conditions.clone(), 2 * seed + at as u64 + 1);
        std::thread::spawn(move || take(from, taken, conditions, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        std::thread::spawn(move || give(to, given));
    }
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let numbers: Vec<f64> = line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let [loss, delay, jitter, reorder, duplicate, rate, mtu] = numbers[..] else {
            panic!("seven numbers, not {line:?}");
        };
        *conditions.lock().unwrap() = Conditions { loss, delay, jitter, reorder, duplicate, rate, mtu };
        println!("set");
    }
}
