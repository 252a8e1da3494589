//! `mqtt-lib pub|sub|request` as a WASI command: the options of `npx mqtt-lib`, on top of the edge. Selects the command, and
//! turns its outcome into an exit code and at most one sentence.

mod credentials;
mod failure;
mod format;
mod help;
mod input;
mod properties;
mod publish;
mod receive;
mod session;
mod table;
mod words;

use std::process::ExitCode;

use failure::{usage, Outcome};
use properties::Lists;
use table::{Verb, ALIASES, ELSEWHERE, VERBS};
use words::Words;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if given.is_empty() {
        eprint!("{}", help::overview());
        return ExitCode::FAILURE;
    }
    match run(&given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            session::print(failure.sentence());
            ExitCode::FAILURE
        }
    }
}

fn run(given: &[String]) -> Outcome<()> {
    let Some((first, rest)) = given.split_first() else {
        return Ok(());
    };
    match first.as_str() {
        "--version" => {
            println!("{}", env!("CARGO_PKG_VERSION"));
            return Ok(());
        }
        "help" | "--help" | "-h" => {
            match rest.first() {
                None => print!("{}", help::overview()),
                Some(name) => print!("{}", help::of(verb(name)?)),
            }
            return Ok(());
        }
        _ => {}
    }
    let verb = verb(first)?;
    if rest.iter().any(|word| word == "--help") {
        print!("{}", help::of(verb));
        return Ok(());
    }
    let words = Words::parse(verb, rest)?;
    let (urls, rest): (Vec<String>, Vec<String>) = words
        .rest
        .iter()
        .cloned()
        .partition(|word| credentials::is_url(word));
    let lists = Lists::of(&words)?;
    let connection = credentials::connection(&words, &urls, &lists)?;
    match verb.name {
        "pub" => publish::publish(&words, connection, &lists, rest),
        "sub" => receive::subscribe(&words, connection, &lists, rest),
        _ => publish::request(&words, connection, &lists, rest),
    }
}

fn verb(name: &str) -> Outcome<&'static Verb> {
    let name = ALIASES
        .iter()
        .find(|(alias, _)| *alias == name)
        .map_or(name, |(_, name)| name);
    if let Some(verb) = VERBS.iter().find(|verb| verb.name == name) {
        return Ok(verb);
    }
    let names: Vec<&str> = VERBS.iter().map(|verb| verb.name).collect();
    if ELSEWHERE.contains(&name) {
        return usage(format!(
            "the WASI command has no {name}, which is JavaScript: npx mqtt-lib {name}; here are: {}",
            names.join(", ")
        ));
    }
    usage(format!(
        "there is no command \"{name}\"; the commands are: {}",
        names.join(", ")
    ))
}
