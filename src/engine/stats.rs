//! Counters of one client, from its construction on.

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// PUBLISH packets handed to the connection, resent ones not counted again.
    pub sent: u64,
    /// Messages given to the user.
    pub received: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// QoS 1 and 2 messages that the broker has not acknowledged to the end.
    pub in_flight: u64,
    /// Messages that wait: offline, for a place in the window, in the queue; batched items.
    pub queued: u64,
    /// Messages given up by a stated policy.
    pub dropped: u64,
    /// Connections accepted after the first.
    pub reconnects: u64,
}
