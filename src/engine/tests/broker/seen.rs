//! What the broker has been given, for tests to compare.

use mqttbytes::v4::{self, Packet};

use super::{Broker, Given};

impl Broker {
    /// Messages the client has not acknowledged to the end.
    pub fn owes(&self) -> usize {
        self.session.as_ref().map_or(0, |s| s.owed.len())
    }

    /// Payloads of those that it has neither PUBACK nor PUBREC for.
    pub fn unacknowledged(&self) -> Vec<&str> {
        let owed = self.session.iter().flat_map(|session| &session.owed);
        let open = owed.filter(|owed| !owed.released);
        open.map(|owed| std::str::from_utf8(&owed.payload).unwrap())
            .collect()
    }

    pub fn texts(&self) -> Vec<&str> {
        self.given.iter().map(Given::text).collect()
    }

    pub fn subscribes(&self) -> Vec<Vec<(String, u8)>> {
        let filters = |s: &v4::Subscribe| s.filters.iter().map(|f| (f.path.clone(), f.qos as u8)).collect();
        self.packets
            .iter()
            .filter_map(|p| match p {
                Packet::Subscribe(s) => Some(filters(s)),
                _ => None,
            })
            .collect()
    }

    /// The filters of all UNSUBSCRIBE.
    pub fn unsubscribes(&self) -> Vec<&str> {
        let mut filters = Vec::new();
        for packet in &self.packets {
            if let Packet::Unsubscribe(unsubscribe) = packet {
                filters.extend(unsubscribe.topics.iter().map(String::as_str));
            }
        }
        filters
    }

    pub fn publishes(&self) -> Vec<&v4::Publish> {
        self.packets
            .iter()
            .filter_map(|p| match p {
                Packet::Publish(p) => Some(p),
                _ => None,
            })
            .collect()
    }

    pub fn pings(&self) -> usize {
        self.packets
            .iter()
            .filter(|p| matches!(p, Packet::PingReq))
            .count()
    }
}
