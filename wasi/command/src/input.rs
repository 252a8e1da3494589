//! Reads what is to be published: the text of an option, a file, standard input as a whole or by lines. Bytes stay bytes, and
//! the client runs while a line is awaited.

use std::collections::VecDeque;

use mqtt_lib_edge::{file_content, Client, Pollable};
use wasip2::cli::stdin::get_stdin;
use wasip2::io::poll::poll;
use wasip2::io::streams::{InputStream, StreamError};

use crate::failure::{failed, usage, Failure, Outcome};
use crate::session::{report, Deadline};
use crate::words::Words;

/// The length of the longest MQTT packet.
const LONGEST: usize = 268_435_455;
const PIECE: u64 = 1 << 16;

pub enum Source {
    Whole(Vec<u8>),
    Lines(Lines),
}

/// Where the payload comes from; exactly one source must be given. A word in place of --message is left in `rest`.
pub fn source(words: &Words, rest: &[String]) -> Outcome<Source> {
    let message = words.text("message");
    let is_line = words.flag("stdin-line");
    let origins = [
        ("--message", message.is_some() || !rest.is_empty()),
        ("--null-message", words.flag("null-message")),
        ("--stdin-file", words.flag("stdin-file")),
        ("--file", words.flag("file") && !is_line),
        ("--stdin-line", is_line),
    ];
    let given: Vec<&str> = origins
        .iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| *name)
        .collect();
    if let Some(word) = rest.get(usize::from(message.is_none())) {
        return usage(format!(
            "\"{word}\" is one word too many; put a payload with spaces in quotes"
        ));
    }
    let file = words.text("file").filter(|path| *path != "-");
    match given.as_slice() {
        [] => usage(
            "there is nothing to publish; give --message TEXT, --file FILE, --stdin-line (-l) or --stdin-file (-s)",
        ),
        ["--message"] => {
            let text = message.or(rest.first().map(String::as_str));
            Ok(Source::Whole(text.unwrap_or_default().as_bytes().to_vec()))
        }
        ["--null-message"] => Ok(Source::Whole(Vec::new())),
        ["--stdin-line"] => Ok(Source::Lines(Lines::of(file)?)),
        [_] => whole(file).map(Source::Whole),
        several => usage(format!("{} exclude each other; give one", several.join(" and "))),
    }
}

fn whole(file: Option<&str>) -> Outcome<Vec<u8>> {
    if let Some(path) = file {
        return content(path);
    }
    let (stdin, mut all) = (get_stdin(), Vec::new());
    loop {
        match stdin.blocking_read(PIECE) {
            Ok(piece) => all.extend_from_slice(&piece),
            Err(StreamError::Closed) => return Ok(all),
            Err(StreamError::LastOperationFailed(error)) => {
                return failed(unreadable(&error.to_debug_string()))
            }
        }
        if all.len() > LONGEST {
            return failed(too_long("standard input"));
        }
    }
}

fn content(path: &str) -> Outcome<Vec<u8>> {
    let content =
        file_content(path).map_err(|why| Failure::Failed(format!("cannot read \"{path}\": {why}")))?;
    if content.len() > LONGEST {
        return failed(too_long(path));
    }
    Ok(content)
}

fn unreadable(why: &str) -> String {
    format!("cannot read standard input: {why}")
}

fn too_long(name: &str) -> String {
    format!("{name} has a message of more than {LONGEST} bytes, the maximum of MQTT")
}

/// The lines of a file or of standard input, without their ends.
pub struct Lines {
    stdin: Option<InputStream>,
    ready: VecDeque<Vec<u8>>,
    begun: Vec<u8>,
    /// What the client reported of messages while a line was awaited.
    pub failures: Vec<String>,
}

impl Lines {
    fn of(file: Option<&str>) -> Outcome<Lines> {
        let mut lines = Lines {
            stdin: file.is_none().then(get_stdin),
            ready: VecDeque::new(),
            begun: Vec::new(),
            failures: Vec::new(),
        };
        if let Some(path) = file {
            lines.take(&content(path)?)?;
        }
        Ok(lines)
    }

    /// The next line; none at the end.
    pub fn next(&mut self, client: &mut Client, deadline: &Deadline) -> Outcome<Option<Vec<u8>>> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Ok(Some(line));
            }
            let Some(stdin) = &self.stdin else {
                let rest = std::mem::take(&mut self.begun);
                return Ok(Some(without_return(rest)).filter(|line| !line.is_empty()));
            };
            match stdin.read(PIECE) {
                Ok(piece) if piece.is_empty() => {
                    if let (true, Some(seconds)) = (deadline.is_over(), deadline.seconds) {
                        return failed(format!(
                            "the time limit of {seconds} s was reached before the end of the lines"
                        ));
                    }
                    wait(client, stdin, deadline, &mut self.failures);
                }
                Ok(piece) => self.take(&piece)?,
                Err(StreamError::Closed) => self.stdin = None,
                Err(StreamError::LastOperationFailed(error)) => {
                    return failed(unreadable(&error.to_debug_string()))
                }
            }
        }
    }

    fn take(&mut self, piece: &[u8]) -> Outcome<()> {
        for part in piece.split_inclusive(|&byte| byte == b'\n') {
            self.begun.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let mut line = std::mem::take(&mut self.begun);
                line.pop();
                self.ready.push_back(without_return(line));
            }
        }
        if self.begun.len() > LONGEST {
            return failed(too_long("standard input"));
        }
        Ok(())
    }
}

fn without_return(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    line
}

/// Until there is something to read, or the client has something to do.
fn wait(client: &mut Client, stdin: &InputStream, deadline: &Deadline, failures: &mut Vec<String>) {
    let mut pollables: Vec<Pollable> = client.pollables();
    pollables.push(stdin.subscribe());
    pollables.extend(deadline.alarm());
    poll(&pollables.iter().collect::<Vec<&Pollable>>());
    drop(pollables);
    client.poll();
    while let Ok(Some(event)) = client.next_event(Some(0)) {
        failures.extend(report(&event));
    }
}
