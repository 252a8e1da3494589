use super::*;

const OWNER: u32 = 0xdcbb_0ff3;
const SALT: Salt = Salt {
    length_xor: 0x0102_0304,
    seed: 0xf506_0708,
};

fn changes() -> [Vec<Change>; 3] {
    [
        vec![(4, Some(b"one".to_vec()))],
        vec![(8, Some(b"two".to_vec()))],
        vec![(12, Some(b"three".to_vec()))],
    ]
}

/// A log that was begun without entries, and has a record for each of these.
struct Written {
    log: Vec<u8>,
    /// Where its records begin, and its end.
    places: Vec<usize>,
    salt: Salt,
}

impl Written {
    fn new(generation: u64, salt: Salt, list: &[Vec<Change>]) -> Written {
        let mut log = header_of(generation, HEADER_LENGTH as u64, salt, OWNER);
        let mut places = vec![log.len()];
        for changes in list {
            let record = record_of(changes, log.len() as u64, salt, OWNER);
            log.extend_from_slice(&record);
            places.push(log.len());
        }
        Written { log, places, salt }
    }

    fn three() -> Written {
        Written::new(1, SALT, &changes())
    }

    /// The mark as it was after so many records.
    fn mark(&self, records: usize) -> Vec<u8> {
        mark_of(1, self.places[records] as u64, self.salt, OWNER)
    }
}

/// The values that are read, and whether all is sound.
fn content(log: &[u8], mark: &[u8]) -> (String, bool) {
    let read = read_log(log, mark, OWNER);
    let values: Vec<_> = read
        .entries
        .values()
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect();
    (values.join(" "), read.is_sound)
}

fn sound(values: &str) -> (String, bool) {
    (values.to_owned(), true)
}

fn damaged(values: &str) -> (String, bool) {
    (values.to_owned(), false)
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}

/// What `log-format.mjs` writes for client id "unit" with these numbers.
#[test]
fn the_bytes_are_those_of_node() {
    let owner = checksum(b"unit", 0);
    let changes: [Vec<Change>; 2] = [
        vec![(4, Some(b"one".to_vec()))],
        vec![(8, Some(b"two".to_vec())), (4, None)],
    ];
    let mut log = header_of(1, 36, SALT, owner);
    for list in &changes {
        let record = record_of(list, log.len() as u64, SALT, owner);
        log.extend_from_slice(&record);
    }
    let node_log = from_hex(
        "6d7174746c6f67333ff0000000000000404200000000000001020304f5060708ee0ed87b\
         0000000f0102030b099ee7b14010000000000000000000046f6e65\
         0000001b0102031f150c3f9440200000000000000000000474776f401000000000000000000000",
    );
    let node_mark = from_hex("6d7174746d726b333ff0000000000000405980000000000001020304f50607081ad8458c");
    assert_eq!(log, node_log);
    assert_eq!(mark_of(1, log.len() as u64, SALT, owner), node_mark);
    let read = read_log(&node_log, &node_mark, owner);
    assert_eq!(read.entries, Entries::from([(8, b"two".to_vec())]));
    assert!(read.is_sound && read.is_current);
    assert_eq!((read.salt, read.generation, read.end), (SALT, 1, 102));
}

#[test]
fn a_mark_that_is_older_than_the_log_loses_nothing() {
    let written = Written::three();
    for records in 0..=3 {
        let mark = written.mark(records);
        assert_eq!(content(&written.log, &mark), sound("one two three"), "{records}");
    }
}

#[test]
fn a_mark_of_the_log_before_this_one_loses_nothing() {
    let mark = Written::three().mark(3);
    for (generation, expected) in [
        (2, sound("one two three")),
        (3, damaged("one two three")),
        (0, damaged("one two three")),
    ] {
        let written = Written::new(generation, SALT, &changes());
        assert_eq!(content(&written.log, &mark), expected, "{generation}");
    }
}

#[test]
fn an_incomplete_last_record_behind_the_mark_is_dropped_without_a_word() {
    let written = Written::three();
    for length in written.places[2]..written.log.len() {
        let log = &written.log[..length];
        assert_eq!(content(log, &written.mark(1)), sound("one two"), "{length}");
        assert_eq!(
            read_log(log, &written.mark(1), OWNER).end,
            written.places[2] as u64
        );
    }
}

#[test]
fn a_log_that_ends_before_its_mark_is_damaged_also_between_two_records() {
    let written = Written::three();
    let log = &written.log[..written.places[2]];
    assert_eq!(content(log, &written.mark(3)), damaged("one two"));
}

#[test]
fn a_damaged_record_is_damage_wherever_it_is_and_costs_no_other() {
    let written = Written::three();
    for (record, left) in [(0, "two three"), (1, "one three"), (2, "one two")] {
        for byte in written.places[record]..written.places[record + 1] {
            // A last record with another length is not complete: it was being written.
            let is_incomplete = record == 2 && byte < written.places[record] + 8;
            let mut log = written.log.clone();
            log[byte] ^= 1;
            let mark = written.mark(if is_incomplete { 3 } else { record });
            assert_eq!(content(&log, &mark), damaged(left), "{byte}");
        }
    }
}

#[test]
fn a_mark_with_other_numbers_than_its_log_is_damage() {
    let written = Written::three();
    for salt in [
        Salt {
            length_xor: 1,
            ..SALT
        },
        Salt { seed: 1, ..SALT },
    ] {
        for generation in [0, 1] {
            let mark = mark_of(generation, written.places[3] as u64, salt, OWNER);
            assert_eq!(content(&written.log, &mark), damaged("one two three"));
        }
    }
}

#[test]
fn a_damaged_header_costs_no_record_as_the_mark_has_the_same_numbers() {
    let written = Written::three();
    let mut log = written.log.clone();
    log[..HEADER_LENGTH].fill(0);
    assert_eq!(content(&log, &written.mark(3)), damaged("one two three"));
    let mut log = written.log.clone();
    log[8] ^= 1;
    assert_eq!(content(&log, b"no mark"), damaged("one two three"));
}

#[test]
fn only_a_first_log_may_be_without_a_mark() {
    let entries = |generation| {
        let mut log = header_of(generation, 0, SALT, OWNER);
        log.extend_from_slice(&record_of(&changes()[0], HEADER_LENGTH as u64, SALT, OWNER));
        let header = header_of(generation, log.len() as u64, SALT, OWNER);
        log[..HEADER_LENGTH].copy_from_slice(&header);
        log
    };
    assert_eq!(content(&entries(1), b""), sound("one"));
    assert_eq!(content(&entries(1), b"?"), damaged("one"));
    assert_eq!(content(&entries(2), b""), damaged("one"));
    assert_eq!(content(&Written::three().log, b""), damaged("one two three"));
    assert_eq!(content(b"", &Written::three().mark(3)), damaged(""));
}

#[test]
fn a_part_of_a_payload_is_no_record_of_its_own_whatever_bit_flips() {
    // A sender knows the format and the place, but not the numbers.
    let forged = record_of(
        &[(8, Some(b"forged".to_vec()))],
        (HEADER_LENGTH + RECORD_HEAD + CHANGE_HEAD) as u64,
        NO_SALT,
        OWNER,
    );
    let written = Written::new(1, SALT, &[vec![(4, Some(forged))]]);
    for byte in HEADER_LENGTH..written.log.len() {
        let mut log = written.log.clone();
        log[byte] ^= 1;
        assert_eq!(content(&log, &written.mark(1)), damaged(""), "{byte}");
    }
}

/// Every twelve bytes look like the head of a record that ends where the log does. The checksums of all of them would be of
/// 11 GB, with the bound they are of 2 MB.
#[test]
fn the_search_for_records_is_linear() {
    let size = 1 << 19;
    let written = Written::new(1, SALT, &[vec![(4, Some(vec![0; size]))]]);
    let mut log = written.log.clone();
    for at in (HEADER_LENGTH + RECORD_HEAD + CHANGE_HEAD..log.len() - RECORD_HEAD).step_by(RECORD_HEAD) {
        let length = (log.len() - at - RECORD_HEAD) as u32;
        log[at..at + 4].copy_from_slice(&length.to_be_bytes());
        log[at + 4..at + 8].copy_from_slice(&(length ^ SALT.length_xor).to_be_bytes());
    }
    let start = std::time::Instant::now();
    assert_eq!(content(&log, &written.mark(1)), damaged(""));
    assert!(start.elapsed().as_secs() < 3, "{:?}", start.elapsed());
}

/// A log of version 2 with a record for each of these values, and its mark.
fn second_log(generation: u64, values: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let second = |word: &[u8; 8], length: usize| {
        let mut frame = word.to_vec();
        frame.extend_from_slice(&(generation as f64).to_be_bytes());
        frame.extend_from_slice(&(length as f64).to_be_bytes());
        let sum = checksum(&frame, OWNER);
        frame.extend_from_slice(&sum.to_be_bytes());
        frame
    };
    let mut log = second(LOG[0], 28);
    for (i, value) in values.iter().enumerate() {
        let change = (4 * i as u64, Some(value.to_vec()));
        let record = record_of(&[change], log.len() as u64, NO_SALT, OWNER);
        log.extend_from_slice(&record);
    }
    let mark = second(MARK[0], log.len());
    (log, mark)
}

#[test]
fn the_second_version_is_read_but_not_current() {
    let (log, mark) = second_log(3, &[b"one", b"two"]);
    assert_eq!(content(&log, &mark), sound("one two"));
    let read = read_log(&log, &mark, OWNER);
    assert_eq!((read.is_current, read.generation), (false, 3));
}

#[test]
fn a_new_log_may_have_the_mark_of_the_second_version_that_it_replaces() {
    let (_, mark) = second_log(3, &[b"one"]);
    for (generation, expected) in [(4, sound("one two three")), (3, damaged("one two three"))] {
        let written = Written::new(generation, SALT, &changes());
        assert_eq!(content(&written.log, &mark), expected);
    }
}

#[test]
fn a_damaged_record_of_the_second_version_is_searched_for_no_other() {
    let place = 28 + RECORD_HEAD + CHANGE_HEAD;
    let forged = record_of(&[(4, Some(b"forged".to_vec()))], place as u64, NO_SALT, OWNER);
    let (whole, mark) = second_log(1, &[&forged, b"two", b"three"]);
    for (byte, left) in [(place + 20, "two three"), (28 + 8, "two three"), (28, "")] {
        let mut log = whole.clone();
        log[byte] ^= 1;
        assert_eq!(content(&log, &mark), damaged(left), "{byte}");
    }
}

#[test]
fn a_file_of_any_length_is_read() {
    let written = Written::three();
    for length in 0..written.log.len() {
        let is_sound = read_log(&written.log[..length], &written.mark(3), OWNER).is_sound;
        assert!(!is_sound, "{length}");
    }
    assert_eq!(content(b"mqttlog3", b"mqttmrk3"), damaged(""));
}
