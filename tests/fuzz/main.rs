//! Replays the corpora of the fuzzers without them: one file a target, with one input a line. `npm run fuzz` writes the
//! files; an input that once showed a fault stays in them.

mod decoder;
mod engine;
mod input;
mod journal;
mod late;
mod properties;

fn replay(corpus: &str, run: fn(&[u8])) {
    let mut inputs = 0;
    for line in corpus.lines().filter(|line| !line.starts_with('#')) {
        let digits: Vec<u8> = line.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
        let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let result = std::panic::catch_unwind(|| run(&bytes));
        assert!(result.is_ok(), "{line}");
        inputs += 1;
    }
    assert!(inputs > 40, "{inputs} inputs");
}

#[test]
fn the_decoder_reads_the_same_from_pieces_as_from_the_whole() {
    replay(include_str!("decoder.txt"), decoder::run);
}

#[test]
fn whatever_happens_the_engine_sends_what_is_allowed_and_every_call_ends() {
    replay(include_str!("engine.txt"), |data| engine::run(data, false));
}

#[test]
fn the_same_holds_when_the_adapter_calls_the_engine_at_any_step_of_the_drain() {
    replay(include_str!("hostile_io.txt"), |data| engine::run(data, true));
}

#[test]
fn a_list_of_properties_means_the_same_to_everything_that_reads_it() {
    replay(include_str!("properties.txt"), properties::run);
}

#[test]
fn whatever_is_in_a_store_the_engine_reads_what_it_can_and_erases_the_rest() {
    replay(include_str!("journal.txt"), journal::run);
}

#[test]
fn late_acknowledgements_leave_in_the_order_of_arrival() {
    replay(include_str!("late.txt"), late::run);
}
