//! Figures of one client: totals since its construction, and how much is in flight and waits now.

/// Counters of one client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// PUBLISH packets handed to the connection, resent ones not counted again.
    pub sent: u64,
    /// Messages delivered to the application.
    pub received: u64,
    /// Bytes given to transports.
    pub bytes_sent: u64,
    /// Bytes received from transports.
    pub bytes_received: u64,
    /// QoS 1 and 2 messages that the broker has not acknowledged to the end.
    pub in_flight: u64,
    /// Messages not sent yet: in the offline queue, in the timed queue, items of batches.
    pub queued: u64,
    /// Bytes of these: topics, payloads and headers.
    pub bytes_queued: u64,
    /// Messages given up by a stated policy.
    pub dropped: u64,
    /// Connections accepted after the first.
    pub reconnects: u64,
    /// Messages received that the application goes on with.
    pub unhandled: u64,
    /// Operations on the wire, or next, with nothing else beside them, because connections ended right after them.
    pub suspects: u64,
}
