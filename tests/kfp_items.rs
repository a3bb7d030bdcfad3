//! Generated components: what they declare, their dry run and their rewritten form agree on every
//! argument, and what a container receives is what the SDK's own resolver makes of it.
//!
//! `HYDRA_SHIM_KFP_COMPONENTS` says how many there are, `HYDRA_SHIM_KFP_SEED` which.

#[path = "fuzz/random.rs"]
mod random;
mod support;

use std::fmt::Write as _;

use assert_cmd::assert::OutputAssertExt;
use random::Random;
use serde_json::{Value, json};
use support::kfp::judge;
use support::shims_in_path::Failures;
use support::working_folder::{Folder, words};
use support::{stderr, stdout};

/// A component's elements, in YAML's flow style, with what they are for Hydra.
#[derive(Default)]
struct Made {
    elements: Vec<String>,
    /// The overrides of the elements that are written, in order; a value `*` is not compared.
    overrides: Vec<String>,
    /// Hydra's own flags.
    hydra: Vec<String>,
    /// A flag with no value is the last: what follows might be taken for it.
    is_open: bool,
    /// The flag that something is written after of which nobody can tell what it is.
    doubt: Option<String>,
    /// Closed mode cannot tell an override with a value in it from a stranger's.
    has_filled_override: bool,
}

impl Made {
    fn add(&mut self, elements: &[&str], is_open: bool) {
        self.elements.extend(elements.iter().map(|element| (*element).to_owned()));
        self.is_open = is_open;
    }
}

struct Generator {
    random: Random,
    names: usize,
    hydra: Vec<&'static [&'static str]>,
    /// The input `o` is given.
    given: bool,
    wants_doubt: bool,
    wants_executor_input: bool,
}

/// A value, and what it is filled with.
const VALUES: [(&str, &str); 11] = [
    ("{inputValue: i}", "7"),
    ("{inputValue: f}", "0.5"),
    ("{inputValue: b}", "true"),
    ("{inputValue: s}", "word_1"),
    ("\"{{$.inputs.parameters['s']}}\"", "word_1"),
    ("{inputPath: d}", "/gcs/bucket/run/d"),
    ("{inputUri: d}", "gs://bucket/run/d"),
    ("{outputPath: m}", "/gcs/bucket/run/m"),
    ("{outputPath: n}", "/gcs/bucket/run/n"),
    ("{concat: [pre-, {inputValue: s}, {concat: [-, x]}]}", "pre-word_1-x"),
    // Alone it is EXECUTOR_INPUT.
    ("{concat: [all-, {executorInput: null}]}", "*"),
];

/// What an executor input becomes, in the SDK's order. The input `o` is given, or null.
const EXECUTOR_INPUT: [&str; 9] = [
    "d=/gcs/bucket/run/d",
    "b=true",
    "f=0.5",
    "i=7",
    "l=[1,2]",
    "o=",
    "s=word_1",
    "n=/gcs/bucket/run/n",
    "m=/gcs/bucket/run/m",
];

/// A word of the component's own, and what it is for Hydra.
const WORDS: [(&str, &str); 5] = [
    ("train", "train"),
    ("'10'", "10"),
    ("'-3'", "-3"),
    ("gs://b/x", "gs://b/x"),
    ("'2024_11_23'", "'2024_11_23'"),
];

const COMMANDS: [&str; 8] = [
    "python3, main.py",
    "python3, -u, -m, pkg.train",
    "my-train",
    "torchrun, --nproc_per_node, '2', train.py",
    "sh, -ec, 'mkdir -p x && exec \"$0\" \"$@\"', python3, main.py",
    "bash, -c, 'exec python3 main.py \"$@\"', --",
    "bash, -c, 'exec python3 main.py \"$@\"', _",
    "sh, -c, '\"$0\" \"$@\"', sh, -c, 'my-train $@', '--x'",
];

impl Generator {
    fn name(&mut self) -> String {
        self.names += 1;
        format!("a{}", self.names)
    }

    fn value(&mut self) -> (&'static str, &'static str) {
        VALUES[self.random.number(0..VALUES.len())]
    }

    fn word(&mut self) -> (&'static str, &'static str) {
        WORDS[self.random.number(0..WORDS.len())]
    }

    /// Some elements after others; `is_written` says whether these are in a branch that is taken.
    fn list(&mut self, depth: usize, is_written: bool, is_open: bool) -> Made {
        let mut made = Made { is_open, ..Made::default() };
        for _ in 0..self.random.number(0..7) {
            let (overrides, hydra) = (made.overrides.len(), made.hydra.len());
            self.one(&mut made, depth, is_written);
            if !is_written {
                made.overrides.truncate(overrides);
                made.hydra.truncate(hydra);
            }
        }
        made
    }

    #[expect(clippy::too_many_lines, reason = "a table of what there is")]
    fn one(&mut self, made: &mut Made, depth: usize, is_written: bool) {
        let name = self.name();
        let flag = format!("--{name}");
        let (value, filled) = self.value();
        let (word, spelled) = self.word();
        let set = |made: &mut Made, value: &str| made.overrides.push(format!("{name}={value}"));
        match self.random.number(0..15) {
            0..=2 => {
                made.add(&[&flag, value], false);
                set(made, filled);
            }
            3 => {
                made.add(&[&flag, word], false);
                set(made, spelled);
            }
            4 => {
                made.add(&[&flag], true);
                set(made, "true");
            }
            5 => {
                made.add(&[&format!("{{concat: [\"{flag}=\", {value}]}}")], false);
                set(made, filled);
            }
            6 => {
                made.add(&[&format!("\"{flag}={{{{$.inputs.parameters['i']}}}}\"")], false);
                set(made, "7");
            }
            7 => {
                made.add(&[&format!("{flag}=1")], false);
                set(made, "1");
            }
            8 if !made.is_open => {
                made.add(&[&format!("'{name}=x'")], false);
                set(made, "x");
            }
            9 if !made.is_open => {
                let filled =
                    ["\"{}={{$.inputs.parameters['i']}}\"", "{concat: ['{}=', {inputValue: i}]}"];
                made.add(&[&self.random.pick(&filled).replace("{}", &name)], false);
                made.has_filled_override = true;
                set(made, "7");
            }
            10 => {
                if let Some(own) = self.hydra.pop() {
                    made.add(
                        own,
                        own.len() == 1 && !own[0].contains('=') && own[0] != "--multirun",
                    );
                    made.hydra.extend(own.iter().map(|&word| word.to_owned()));
                }
            }
            11 if depth > 0 => self.condition(made, depth - 1, is_written),
            12 => {
                let (cond, given) = ("cond: {isPresent: o}", self.given);
                if self.random.once_in(2) {
                    made.add(
                        &[&flag, &format!("{{if: {{{cond}, then: {value}, else: {word}}}}}")],
                        false,
                    );
                    // What the literals and the placeholders are together decides their type.
                    set(made, "*");
                } else {
                    made.add(&[&flag, &format!("{{if: {{{cond}, then: [{value}]}}}}")], true);
                    set(made, if given { filled } else { "true" });
                }
            }
            13 if self.wants_doubt => {
                self.wants_doubt = false;
                let doubts: [&[&str]; 5] = [
                    &["k=1"],
                    &["{inputValue: i}", "word"],
                    &["{inputValue: i}", "{inputValue: s}"],
                    &["one", "{inputValue: i}"],
                    &["{if: {cond: {isPresent: o}, then: [one, --k], else: [--l]}}"],
                ];
                let after: &[&str] = self.random.pick(&doubts);
                made.add(&[&[flag.as_str()], after].concat(), false);
                made.doubt = Some(flag);
            }
            14 if self.wants_executor_input => {
                self.wants_executor_input = false;
                made.add(&[&flag, "{executorInput: null}"], false);
                let given = if self.given { "given" } else { "null" };
                made.overrides.extend(EXECUTOR_INPUT.map(|each| match each {
                    "o=" => format!("o={given}"),
                    _ => each.to_owned(),
                }));
            }
            _ => {
                made.add(&[&flag, "{inputValue: l}", "{inputValue: l}"], false);
                set(made, "[1,2,1,2]");
            }
        }
    }

    fn condition(&mut self, made: &mut Made, depth: usize, is_written: bool) {
        let then = self.list(depth, is_written && self.given, made.is_open);
        let otherwise = self.list(depth, is_written && !self.given, made.is_open);
        let branches = [&then, &otherwise].map(|branch| branch.elements.join(", "));
        let [yes, no] = branches;
        let no = if no.is_empty() { no } else { format!(", else: [{no}]") };
        made.elements.push(format!("{{if: {{cond: {{isPresent: o}}, then: [{yes}]{no}}}}}"));
        made.is_open = then.is_open || otherwise.is_open;
        for branch in [then, otherwise] {
            made.overrides.extend(branch.overrides);
            made.hydra.extend(branch.hydra);
            made.doubt = made.doubt.take().or(branch.doubt);
            made.has_filled_override |= branch.has_filled_override;
        }
    }
}

/// A component, and what it has to become.
struct Case {
    yaml: String,
    values: Value,
    made: Made,
    /// Its values are such that only their keys are compared.
    is_hostile: bool,
}

/// The component's file.
fn yaml(command: &str, args: &[String]) -> String {
    let mut yaml = "name: c\ninputs:\n".to_owned();
    for (name, ty) in [
        ("i", "Integer"),
        ("f", "Float"),
        ("b", "Boolean"),
        ("s", "String"),
        ("l", "List"),
        ("d", "Dataset"),
    ] {
        let _ = writeln!(yaml, "- {{name: {name}, type: {ty}}}");
    }
    let _ = write!(
        yaml,
        "- {{name: o, type: String, optional: true}}\noutputs:\n- {{name: m, type: Model}}\n- {{name: n, \
         type: Float}}\nimplementation:\n  container:\n    image: i\n    command: [{command}]\n    args: \
         [{}]\n",
        args.join(", ")
    );
    yaml
}

fn case(seed: u64, index: u64) -> Case {
    let mut random = Random::of(seed, index);
    let given = random.once_in(2);
    let hydra: [&[&str]; 5] = [
        &["--multirun"],
        &["--config-name", "prod"],
        &["--info", "config"],
        &["--cfg=job"],
        &["--resolve"],
    ];
    let hydra = hydra.into_iter().filter(|_| random.once_in(2)).collect();
    let wants_doubt = random.once_in(6);
    let mut generator =
        Generator { random, names: 0, hydra, given, wants_doubt, wants_executor_input: true };
    let mut made = generator.list(2, true, false);
    while made.elements.is_empty() {
        made = generator.list(2, true, false);
    }
    let random = &mut generator.random;
    let command = random.pick(&COMMANDS);
    // After a program of its own `--` would end the command.
    if made.doubt.is_none() && !command.contains("my-train") && random.once_in(6) {
        made.add(&["--", "'rest=1'"], false);
        made.overrides.push("rest=1".to_owned());
        made.has_filled_override = true;
    }
    // Some of the arguments may be in `command`.
    let split = if random.once_in(4) { random.number(0..made.elements.len() + 1) } else { 0 };
    let (in_command, in_args) = made.elements.split_at(split);
    let command = [&[command.to_owned()], in_command].concat().join(", ");
    let is_hostile = random.once_in(4);
    let hostile = [
        "--a1",
        "k=1",
        "--",
        "-m",
        "a,b",
        "${x}",
        "'",
        "++k={_target_: x}",
        "",
        "7",
        "null",
        "--a2=3",
    ];
    let text = if is_hostile { random.pick(&hostile) } else { "word_1" };
    let yaml = yaml(&command, in_args);
    let mut values =
        json!({"i": 7, "f": 0.5, "b": true, "s": text, "l": [1, 2], "d": "gs://bucket/run/d"});
    if given {
        values["o"] = json!("given");
    }
    Case { yaml, values, made, is_hostile }
}

/// The overrides of the only task, or the refusal.
fn dry_run(folder: &Folder, arguments: &[&str]) -> Result<Value, String> {
    let call = &[&["component"], arguments, &["--values", "v.json", "--format", "json"]].concat();
    let call = folder.shim(call).assert();
    if !call.get_output().status.success() {
        return Err(call.to_string());
    }
    let printed: Value = serde_json::from_str(&stdout(&call)).unwrap();
    Ok(printed["tasks"][0].clone())
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn generated_components_are_read_in_one_way() {
    let seed = number("HYDRA_SHIM_KFP_SEED", 11);
    let cases: Vec<Case> =
        (0..number("HYDRA_SHIM_KFP_COMPONENTS", 200)).map(|index| case(seed, index)).collect();
    let files: Vec<Folder> = cases
        .iter()
        .map(|case| {
            Folder::new(&[
                ("c.yaml", &case.yaml),
                ("v.json", &case.values.to_string()),
                ("closed.yaml", "unknown: error"),
            ])
        })
        .collect();
    let requests: Vec<Value> = files
        .iter()
        .zip(&cases)
        .map(|(folder, case)| json!({"file": folder.path("c.yaml"), "values": case.values}))
        .collect();
    let judged = judge(&requests);
    let mut failures = Failures::default();
    for ((case, folder), judged) in cases.iter().zip(&files).zip(&judged) {
        let received = judged.as_object().unwrap().values().next().unwrap();
        assert!(received.is_array(), "{received}: {}", case.yaml);
        check(case, folder, received, &mut failures);
    }
    failures.assert_none();
}

/// What one component became, in each way.
fn check(case: &Case, folder: &Folder, received: &Value, failures: &mut Failures) {
    let Case { yaml, values, made, is_hostile } = case;
    let name = |way: &str| format!("{way} of {values}\n{yaml}");
    let rewritten = folder.shim(&["rewrite", "c.yaml"]).assert();
    let rewritten = rewritten.append_context("component", yaml.clone()).success();
    let notes = stderr(&rewritten);
    folder.file("r.yaml", &stdout(&rewritten));
    let again = dry_run(folder, &["r.yaml"]);
    if let Some(flag) = &made.doubt {
        for (way, result) in [("dry run", dry_run(folder, &["c.yaml"])), ("rewritten", again)] {
            let is_refused =
                result.as_ref().is_err_and(|error| error.contains(&format!("{flag}: ")));
            failures.compare(&format!("{}{result:?}", name(way)), &is_refused.to_string(), "true");
        }
        let is_said = notes.contains(&format!("{flag}: left: "));
        failures.compare(&format!("{}{notes}", name("note")), &is_said.to_string(), "true");
        return;
    }
    let task = match dry_run(folder, &["c.yaml"]) {
        Ok(task) => task,
        Err(error) => return failures.compare(&name("dry run"), &error, "no refusal"),
    };
    failures.compare(&name("received"), &task["received"].to_string(), &received.to_string());
    let overrides = words(&task, "overrides");
    let expected: Vec<&String> = made.overrides.iter().chain(&made.hydra).collect();
    let compared: Vec<String> = overrides
        .iter()
        .zip(&expected)
        .map(|(got, expected)| match expected.split_once('=') {
            Some((key, value)) if value == "*" || *is_hostile => got
                .split_once('=')
                .filter(|(own, _)| *own == key)
                .map_or(got, |_| expected)
                .to_owned(),
            _ => got.clone(),
        })
        .chain(overrides.iter().skip(expected.len()).cloned())
        .collect();
    failures.compare(&name("overrides"), &format!("{compared:?}"), &format!("{expected:?}"));
    if !made.has_filled_override {
        let closed = dry_run(folder, &["c.yaml", "--rules", "closed.yaml"]);
        let closed = closed.map(|task| words(&task, "overrides"));
        // A literal `${` is refused there.
        if values["s"] != "${x}" {
            failures.compare(
                &name("closed mode"),
                &format!("{closed:?}"),
                &format!("{:?}", Ok::<_, String>(&overrides)),
            );
        }
    }
    if *is_hostile {
        return;
    }
    let again = again.map(|task| words(&task, "overrides"));
    let expected = Ok::<_, String>(overrides);
    failures.compare(
        &format!("{}{notes}", name("rewritten")),
        &format!("{again:?}"),
        &format!("{expected:?}"),
    );
}
