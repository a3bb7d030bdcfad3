//! Random values, names and command lines through the shim and the real Hydra, as many as asked for.
//!
//! ```sh
//! cargo test --release --test fuzz -- --values 1000000 --seed 7 --hydra 1.3.8
//! ```
//!
//! It ends with 1 if any value arrived as something else or was refused though Hydra has a spelling
//! for it. A failure is made small, and printed as a call of the shim. The same seed, count and
//! sources give the same values. `$PYTHON` makes the virtual environment: Hydra 1.2 needs a Python
//! below 3.11.
//!
//! What is refused is judged, too: `judge.py` looks for a spelling that Hydra takes. These are
//! refused by rule, whatever Hydra could do, and counted apart, as is what Hydra 1.2 and 1.4 do
//! otherwise than 1.3:
//!
//! - a value that does not fit its declared type
//! - inside JSON or declared float: a number beyond a 64-bit float; an integer of over 4,300 digits
//! - lists and dicts nested deeper than 64 levels
//! - undeclared, a whole placeholder that the orchestrator did not fill in
//! - an undeclared flag in front of something that starts with a dash and is no negative number
//! - a bare word, a short option that is not Hydra's, an empty name

#[path = "../support/mod.rs"]
mod support;

mod case;
mod components;
mod judge;
mod lines;
mod pieces;
mod random;
mod tally;
mod texts;

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Value, json};
use tempfile::TempDir;

use case::{Case, type_of};
use judge::{Judge, Verdict};
use pieces::{APPENDED, DECLARED};
use support::{HYDRA, translate};
use tally::Tally;

/// How many cases are made, translated and judged together.
const BATCH: u64 = 400;

fn main() -> ExitCode {
    let mut options = BTreeMap::from([("--values", "20000"), ("--seed", "1"), ("--hydra", HYDRA)]);
    let given: Vec<String> = std::env::args().skip(1).collect();
    for pair in given.chunks(2) {
        match pair {
            [name, value] if options.contains_key(name.as_str()) => {
                options.insert(name, value);
            }
            _ => panic!("usage: --values COUNT --seed NUMBER --hydra VERSION, not {pair:?}"),
        }
    }
    let number =
        |name: &str| options[name].parse().unwrap_or_else(|_| panic!("{name} is a number"));
    let (count, seed): (u64, u64) = (number("--values"), number("--seed"));

    let fuzz = Fuzz::new();
    let judge = Judge::start(options["--hydra"]);
    println!("{}; seed {seed}; {}", judge.name, judge.date);
    let tally = fuzz.run(&judge, count, seed);
    tally.print(seed, &judge);
    if tally.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Fuzz {
    /// The rules for single values and for command lines.
    rules: TempDir,
}

impl Fuzz {
    fn new() -> Self {
        let rules = TempDir::new().unwrap();
        let values: Vec<String> = (0..usize::try_from(BATCH).unwrap())
            .filter(|slot| type_of(*slot) != "auto")
            .map(|slot| format!("  v{slot}: {{type: '{}'}}\n", type_of(slot)))
            .collect();
        let lines: Vec<String> =
            DECLARED.iter().map(|(name, ty, _)| format!("  {name}: {{type: '{ty}'}}\n")).collect();
        let append = format!("append: ['{APPENDED}']\n");
        for (name, flags, more) in [("values", values, ""), ("lines", lines, append.as_str())] {
            let file = format!("{more}flags:\n{}", flags.concat());
            std::fs::write(rules.path().join(name), file).unwrap();
        }
        Self { rules }
    }

    /// Makes and translates one batch while another is judged.
    fn run(&self, judge: &Judge, count: u64, seed: u64) -> Tally {
        let mut tally = Tally::new();
        let mut waiting: Option<Vec<Case>> = None;
        let mut index = 0;
        while tally.sent < count || waiting.is_some() {
            let next = (tally.sent < count).then(|| {
                let cases: Vec<Case> = (index..index + BATCH).map(|i| Case::new(seed, i)).collect();
                index += BATCH;
                tally.sent += cases.iter().map(Case::size).sum::<usize>() as u64;
                let requests = self.requests(&cases);
                (cases, requests)
            });
            if let Some(cases) = waiting.take() {
                for (case, verdict) in cases.iter().zip(judge.verdicts()) {
                    if verdict.word == "mismatch" {
                        let (case, verdict) = self.shrunk(judge, case.clone(), verdict);
                        tally.fail(&self.call(&case), &verdict.text);
                    } else {
                        tally.count(verdict, case.size());
                    }
                }
                tally.progress();
            }
            if let Some((cases, requests)) = next {
                judge.send(requests);
                waiting = Some(cases);
            }
        }
        tally
    }

    /// The cases with what the shim made of them.
    fn requests(&self, cases: &[Case]) -> Vec<Value> {
        let values: Vec<&Case> = cases.iter().filter(|case| case.value().is_some()).collect();
        let mut overrides = self.translated(&values).into_iter();
        let request = |case: &Case| match case {
            Case::Value { slot, text, .. } => {
                let mut request = written(overrides.next().unwrap());
                // Chance that is the same for the same text.
                let sum =
                    text.bytes().fold(*slot, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
                request["kind"] = json!("value");
                request["type"] = json!(type_of(*slot));
                request["key"] = json!(format!("v{slot}"));
                request["text"] = json!(text);
                request["earlier"] = json!(sum % 1009);
                request["multirun"] = json!(sum % 8 == 0);
                request
            }
            Case::Name(name) => {
                let sent = translate(&[format!("--{name}=x1")]);
                let mut request = written(sent.map(|translation| translation.overrides));
                request["kind"] = json!("name");
                request["name"] = json!(name);
                request
            }
            Case::Line(line) => {
                line_request(line.expectation(), line.start.command, &self.arguments(case))
            }
            Case::Component(component) => {
                for (name, text) in
                    [("component.yaml", component.yaml()), ("component", component.rules())]
                {
                    std::fs::write(self.rules.path().join(name), text).unwrap();
                }
                line_request(component.expectation(), component.command(), &self.arguments(case))
            }
        };
        cases.iter().map(request).collect()
    }

    /// Each value's overrides, from as few calls of the shim as can be: a refusal names its flag.
    fn translated(&self, values: &[&Case]) -> Vec<Result<Vec<String>, String>> {
        if values.is_empty() {
            return Vec::new();
        }
        let flags = values.iter().flat_map(|case| case.value().unwrap());
        match translate(&self.with_rules("values", flags.collect())) {
            Ok(translation) => {
                let steps = translation.trace;
                assert_eq!(steps.len(), values.len());
                steps.into_iter().map(|step| Ok(step.to)).collect()
            }
            Err(refusal) => {
                let at = values.iter().position(|case| names(&refusal, case));
                let at = at.unwrap_or_else(|| panic!("no flag is named: {refusal}"));
                let mut all = self.translated(&values[..at]);
                all.push(Err(refusal));
                all.extend(self.translated(&values[at + 1..]));
                all
            }
        }
    }

    fn with_rules(&self, rules: &str, tokens: Vec<String>) -> Vec<String> {
        let file = self.rules.path().join(rules).to_str().unwrap().to_owned();
        ["--rules".to_owned(), file, "--".to_owned()].into_iter().chain(tokens).collect()
    }

    /// What `translate` is called with for this case alone.
    fn arguments(&self, case: &Case) -> Vec<String> {
        match case {
            Case::Value { .. } => self.with_rules("values", case.value().unwrap()),
            Case::Name(name) => vec![format!("--{name}=x1")],
            Case::Line(line) if line.declared => {
                let mut arguments = self.with_rules("lines", line.tokens());
                // The line's own start decides whether a `--` stands in front.
                arguments.remove(2);
                arguments
            }
            Case::Line(line) => line.tokens(),
            Case::Component(component) => self.with_rules("component", component.tokens()),
        }
    }

    /// The case as a person would try it.
    fn call(&self, case: &Case) -> String {
        let declared = match case {
            Case::Value { slot, .. } => format!("({}) ", type_of(*slot)),
            Case::Line(line) if line.declared => "(with rules) ".to_owned(),
            Case::Component(component) => {
                format!("(with {:?}, {:?}) ", component.rules(), component.yaml())
            }
            _ => String::new(),
        };
        format!("{declared}hydra-shim translate {}", shell_words::join(self.arguments(case)))
    }

    /// The smallest case found that fails as well.
    fn shrunk(&self, judge: &Judge, mut case: Case, mut verdict: Verdict) -> (Case, Verdict) {
        let mut tries = 300;
        'smaller: while tries > 0 {
            for smaller in case.smaller() {
                tries -= 1;
                judge.send(self.requests(std::slice::from_ref(&smaller)));
                let found = judge.verdicts().remove(0);
                if found.word == "mismatch" {
                    (case, verdict) = (smaller, found);
                    continue 'smaller;
                }
                if tries == 0 {
                    break;
                }
            }
            break;
        }
        (case, verdict)
    }
}

/// A line with what the shim made of it.
fn line_request(mut request: Value, command: &[&str], arguments: &[String]) -> Value {
    let mut started = Vec::new();
    let sent = translate(arguments).map(|translation| {
        started = translation.command;
        translation.overrides
    });
    request.as_object_mut().unwrap().extend(written(sent).as_object().unwrap().clone());
    request["kind"] = json!("line");
    request["command"] = json!(command);
    request["started"] = json!(started);
    request
}

fn written(sent: Result<Vec<String>, String>) -> Value {
    match sent {
        Ok(overrides) => json!({"overrides": overrides}),
        Err(refusal) => json!({"overrides": null, "refusal": refusal}),
    }
}

/// Whether a refusal is of this value.
fn names(refusal: &str, case: &Case) -> bool {
    let Case::Value { slot, .. } = case else { return false };
    refusal.starts_with(&format!("--v{slot}: "))
}
