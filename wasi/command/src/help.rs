//! The text of --help, from the table.

use crate::table::{Opt, Verb, VERBS};

const INDENT: usize = 34;
const WIDTH: usize = 100;
const END: &str = "
Every key of credentials is an option by its own name, too: --maxmqttreconnectdelay 5. Files are read from folders
that the host gives (wasmtime run --dir FOLDER). The exit code is 1 where npx mqtt-lib has 1, 2 or 27.
";

pub fn overview() -> String {
    let rows: Vec<String> = VERBS
        .iter()
        .map(|verb| format!("  {:12}{}\n", verb.name, verb.summary))
        .collect();
    format!(
        "mqtt-lib {}, MQTT from the command line, as a WASI command\n\n{}\n  mqtt-lib COMMAND --help    its options\n  mqtt-lib --version\n",
        env!("CARGO_PKG_VERSION"),
        rows.concat()
    )
}

pub fn of(verb: &Verb) -> String {
    let options: Vec<String> = verb.options.iter().map(describe).collect();
    format!(
        "mqtt-lib {}: {}\n\n  {}\n\nOptions:\n{}{END}",
        verb.name,
        verb.summary,
        verb.usage,
        options.concat()
    )
}

fn describe(option: &Opt) -> String {
    let short = option
        .short
        .map_or("    ".to_owned(), |letter| format!("-{letter}, "));
    let value = option.value.map_or(String::new(), |value| format!(" {value}"));
    let head = format!("  {short}--{}{value}", option.name);
    let mut line = format!("{head:INDENT$}");
    if head.len() >= INDENT {
        line = format!("{head}\n{:INDENT$}", "");
    }
    let help = option
        .refused
        .map_or(option.help.to_owned(), |why| format!("not here: {why}"));
    let mut room = WIDTH - INDENT;
    for word in help.split(' ') {
        if word.len() + 1 > room {
            line.truncate(line.trim_end().len());
            line.push_str(&format!("\n{:INDENT$}", ""));
            room = WIDTH - INDENT;
        }
        line.push_str(word);
        line.push(' ');
        room = room.saturating_sub(word.len() + 1);
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}
