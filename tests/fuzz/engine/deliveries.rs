//! The messages that the broker has sent on a connection: each is acknowledged in the order of arrival, once, and not
//! before the application has dealt with it. A message of QoS 1 or 2 has its serial number in its payload.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A PUBLISH of QoS 1 or 2 that the client has not acknowledged.
#[derive(Debug)]
struct Sent {
    packet_id: u16,
    qos: u8,
    serial: u32,
    /// A repetition, or too large: it is acknowledged without being delivered.
    may_be_dropped: bool,
    delivered: bool,
    /// The application has dealt with it.
    handled: bool,
    /// It may be a violation, which the client passes over without an acknowledgement where it ended connections before.
    malformed: bool,
}

#[derive(Default)]
pub(super) struct Deliveries {
    /// In the order in which they were sent, which is that of their acknowledgements [MQTT-4.6.0-2].
    sent: VecDeque<Sent>,
    /// Packet identifiers of QoS 2 without their PUBREL: another PUBLISH with such a one is a repetition.
    unreleased: BTreeSet<u16>,
    /// Packet identifiers of QoS 2 that were left to the broker: another PUBLISH with such a one may be a repetition.
    left: BTreeSet<u16>,
    /// Packet identifiers of QoS 2 of which an acknowledgement was taken to be for a message that may have been passed over: it
    /// may have been for a repetition behind that.
    doubtful: BTreeSet<u16>,
    /// PUBRELs without their PUBCOMP.
    incomplete: BTreeMap<u16, usize>,
    last_serial: u32,
    last_delivered: u32,
    /// The client is stopping: it takes no further messages, and acknowledges none of them.
    pub(super) stopping: bool,
}

impl Deliveries {
    /// A new connection. Serial numbers go on.
    pub(super) fn begin(&mut self) {
        *self = Deliveries {
            last_serial: self.last_serial,
            last_delivered: self.last_serial,
            ..Deliveries::default()
        };
    }

    // ---- what the broker sends

    /// The serial number of the next message.
    pub(super) fn next_serial(&mut self) -> u32 {
        self.last_serial += 1;
        self.last_serial
    }

    /// The message that was numbered last; `malformed` if it may be a violation.
    pub(super) fn publish(&mut self, packet_id: u16, qos: u8, too_large: bool, malformed: bool) {
        let is_first = qos == 1 || self.unreleased.insert(packet_id);
        self.sent.push_back(Sent {
            packet_id,
            qos,
            serial: self.last_serial,
            may_be_dropped: too_large || !is_first || qos == 2 && self.left.contains(&packet_id),
            delivered: false,
            handled: false,
            malformed,
        });
    }

    pub(super) fn pubrel(&mut self, packet_id: u16) {
        *self.incomplete.entry(packet_id).or_default() += 1;
        self.unreleased.remove(&packet_id);
    }

    // ---- what the client does

    /// The application has got a message of QoS 1 or 2: its serial number.
    pub(super) fn delivered(&mut self, payload: &[u8]) -> u32 {
        let serial = payload.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let serial = serial.expect("a serial number");
        assert!(
            serial > self.last_delivered,
            "twice, or not in the order of arrival"
        );
        self.last_delivered = serial;
        let sent = self.sent.iter_mut().find(|sent| sent.serial == serial);
        sent.expect("acknowledged before it was delivered").delivered = true;
        serial
    }

    /// The application has dealt with it; it may be of an earlier connection.
    pub(super) fn handled(&mut self, serial: u32) {
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.serial == serial) {
            sent.handled = true;
        }
    }

    /// The application leaves it to the broker: it is never acknowledged on this connection.
    pub(super) fn left(&mut self, serial: u32) {
        if let Some(place) = self.sent.iter().position(|sent| sent.serial == serial) {
            let sent = self.sent.remove(place).expect("its place");
            self.unreleased.remove(&sent.packet_id);
            self.left.insert(sent.packet_id);
        }
    }

    /// PUBACK for QoS 1, PUBREC for QoS 2.
    pub(super) fn acknowledged(&mut self, packet_id: u16, qos: u8) {
        let is_it = |sent: &Sent| (sent.packet_id, sent.qos) == (packet_id, qos);
        while let Some(front) = self.sent.front() {
            // What was passed over is not acknowledged: this answers a later message, which may have its identifier.
            let is_passed_over = front.malformed && !(front.may_be_dropped && is_it(front));
            let is_left = !front.delivered && (is_passed_over || self.stopping && !is_it(front));
            let is_answered = front.may_be_dropped
                && (front.handled || !front.delivered)
                && self.doubtful.contains(&front.packet_id);
            if !is_left && (!is_answered || is_it(front)) {
                break;
            }
            self.sent.pop_front();
        }
        let first = self.sent.pop_front().expect("an acknowledgement of nothing");
        if first.malformed && !first.delivered {
            self.doubtful.insert(first.packet_id);
        }
        assert_eq!(
            (packet_id, qos),
            (first.packet_id, first.qos),
            "not in the order of arrival"
        );
        assert!(
            first.handled || !first.delivered && first.may_be_dropped,
            "acknowledged before it was dealt with: {first:?}"
        );
    }

    /// PUBCOMP.
    pub(super) fn completed(&mut self, packet_id: u16) {
        let count = self.incomplete.get_mut(&packet_id).expect("a PUBCOMP of nothing");
        *count -= 1;
        if *count == 0 {
            self.incomplete.remove(&packet_id);
        }
    }
}
