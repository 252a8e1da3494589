//! The bounds of what is not sent yet, and how much of them is used. Never decides what is dropped: that is `policy.rs`.

use crate::engine::config::{Config, Policy};
use crate::engine::deadline::Millis;

/// Bounds and policies, from [`Config`].
#[derive(Debug, Clone)]
pub(in crate::engine) struct Limits {
    pub(super) queue_size: usize,
    pub(super) batch_size: usize,
    pub(super) publish_interval: Millis,
    pub(super) offline_size: usize,
    pub(super) offline_bytes: usize,
    pub(super) policy: Policy,
    pub(super) offline_expiry: Option<Millis>,
    pub(super) publish_timeout: Option<Millis>,
}

impl Limits {
    pub fn new(config: &Config) -> Self {
        Limits {
            queue_size: config.queue_size,
            batch_size: config.batch_size,
            publish_interval: config.publish_interval,
            offline_size: config.offline_size,
            offline_bytes: config.offline_bytes,
            policy: config.offline_policy,
            offline_expiry: config.offline_expiry,
            publish_timeout: config.publish_timeout,
        }
    }

    pub fn offline_bytes(&self) -> usize {
        self.offline_bytes
    }

    pub fn publish_timeout(&self) -> Option<Millis> {
        self.publish_timeout
    }
}

/// Messages and their bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

impl Usage {
    pub fn add(&mut self, messages: usize, bytes: usize) {
        self.messages += messages;
        self.bytes += bytes;
    }

    pub fn sub(&mut self, messages: usize, bytes: usize) {
        self.messages -= messages;
        self.bytes -= bytes;
    }
}
