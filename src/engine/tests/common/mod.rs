//! What holds in both versions: this folder is compiled once as `v4` and once as `v5`, and each of its tests
//! is a test of either. They are written in the words of 3.1.1; `dialect.rs` translates.

mod backoff;
mod batches;
mod bounds;
mod crashes;
mod failing;
mod fragments;
mod handshake;
mod incoming;
mod keepalive;
mod large_payloads;
mod late_handlers;
mod late_handlers_at_random;
mod many_filters;
mod offline_hour;
mod order;
mod persistence;
mod policies;
mod publish_timeouts;
mod publishing;
mod queue;
mod random;
mod restarting;
mod servers;
mod stopping;
mod subscribing_again;
mod subscriptions;
mod suspects;
mod suspects_at_random;
mod suspects_of_networks;
mod timeouts;
mod unsubscribing;
mod withdrawing;

use super::broker;

/// The world, with clients of this module's version.
mod harness {
    pub use super::super::harness::*;
    use crate::engine::{Config, Versions};

    pub fn version() -> Versions {
        match module_path!().contains("v5") {
            true => Versions::V5,
            false => Versions::V4,
        }
    }

    pub fn config() -> Config {
        Config {
            version: version(),
            ..super::super::harness::config()
        }
    }

    pub fn is_five() -> bool {
        version() == Versions::V5
    }

    /// What 3.1.1 calls a refusal, as this version does.
    pub fn refusal(code: u8) -> u8 {
        match is_five() {
            true => super::super::dialect::reason(code),
            false => code,
        }
    }

    /// How many bytes a CONNACK has that accepts.
    pub fn connack_len(sim: &Sim) -> usize {
        sim.broker.dialect.say(b"\x20\x02\x00\x00").len()
    }
}
