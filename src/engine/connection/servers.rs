//! Which of the servers is tried next, and what became of the last round.

/// Short-lived connections to a server in a row, after which it is the next one's turn.
const MOST_SHORT_LIVED: u8 = 3;

#[derive(Debug)]
pub(in crate::engine) struct Servers {
    /// Index into `Config::servers`.
    pub current: usize,
    /// Attempts in this round, one a server.
    pub tried: usize,
    /// Every one of them was refused by a broker.
    pub all_refused: bool,
    /// Short-lived connections to the current one in a row.
    short_lived: u8,
    /// How many servers, the last ones, are those that another one named (§4.11).
    pub referenced: usize,
    /// References followed in a row, without a connection that lasted.
    pub redirects: u8,
}

impl Servers {
    pub fn new() -> Self {
        Servers {
            current: 0,
            tried: 0,
            all_refused: true,
            short_lived: 0,
            referenced: 0,
            redirects: 0,
        }
    }

    /// An accepted connection was lost. The same server is tried first, unless it has done so often, soon after each
    /// CONNACK.
    pub fn lost(&mut self, count: usize, short_lived: bool) {
        self.short_lived = if short_lived { self.short_lived + 1 } else { 0 };
        if self.short_lived >= MOST_SHORT_LIVED {
            self.short_lived = 0;
            self.current = (self.current + 1) % count.max(1);
        }
    }

    /// Every server gets a turn without a delay.
    pub fn begin_round(&mut self) {
        self.tried = 0;
        self.all_refused = true;
    }

    /// After a failed attempt it is the next server's turn; true once each of `count` had one.
    pub fn next(&mut self, count: usize, refused: bool) -> bool {
        let count = count.max(1);
        self.current = (self.current + 1) % count;
        self.tried += 1;
        self.all_refused &= refused;
        self.tried >= count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_after_three_short_lived_connections_in_a_row() {
        let mut servers = Servers::new();
        for short_lived in [true, true, false, true, true] {
            servers.lost(2, short_lived);
            assert_eq!(servers.current, 0);
        }
        servers.lost(2, true);
        assert_eq!(servers.current, 1);
        servers.lost(2, true);
        assert_eq!(servers.current, 1);
    }

    #[test]
    fn a_round_is_over_when_each_server_had_its_turn() {
        let mut servers = Servers::new();
        assert!(!servers.next(3, true) && !servers.next(3, false) && servers.next(3, true));
        assert_eq!(servers.current, 0);
        assert!(!servers.all_refused);
        servers.begin_round();
        assert!(servers.next(1, true) && servers.all_refused);
    }
}
