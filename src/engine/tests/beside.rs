//! What an adapter does with bytes that come: payloads that the engine leaves to it are kept here.

use super::harness::Sim;
use crate::engine::Generation;

impl Sim {
    pub fn feed(&mut self, generation: Generation, bytes: &[u8]) {
        let mut rest = bytes;
        self.beside = self.beside.take().filter(|&(_, _, of)| of == generation);
        if let Some((kept, whole, _)) = &mut self.beside {
            let (of_it, others) = rest.split_at(rest.len().min(*whole - kept.len()));
            kept.extend_from_slice(of_it);
            rest = others;
            if self.engine.received_beside(self.now, generation, of_it.len()) {
                self.besides += 1;
                self.give(generation, &[]);
                self.beside = None;
            }
            if rest.is_empty() {
                return self.drain();
            }
        }
        self.give(generation, rest);
        if let Some([begins, len, whole]) = self.engine.payload_begun(generation) {
            let kept = self.engine.received_bytes()[begins..begins + len].to_vec();
            self.beside = Some((kept, whole, generation));
        }
    }

    fn give(&mut self, generation: Generation, bytes: &[u8]) {
        self.taken = 0;
        self.engine.space(bytes.len()).copy_from_slice(bytes);
        self.engine.received(self.now, generation, bytes.len());
        self.drain();
    }
}
