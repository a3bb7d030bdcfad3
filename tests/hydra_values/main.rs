//! A value arrives in the real Hydra exactly, or is refused for a reason that is documented.
//!
//! The property tests are seeded. `HYDRA_SHIM_TEST_SEED=7 cargo test --test hydra_values` tries
//! other values; a failure prints its seed and the smallest value that fails.

#[path = "../support/mod.rs"]
mod support;

mod nasty;
mod tables;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use support::{HYDRA, OLD_HYDRA, Oracle, Translation, say, seen, translate};

/// How many values one call of the shim carries.
const BATCH: usize = 500;

#[test]
fn any_text_arrives_in_hydra() {
    texts_arrive(&mut Oracle::start(HYDRA).unwrap(), 10_000);
}

#[test]
fn any_text_arrives_in_old_hydra() {
    texts_arrive(&mut Oracle::start(OLD_HYDRA).unwrap(), 2_000);
}

#[test]
fn any_json_arrives_in_hydra_or_is_refused() {
    json_arrives_or_is_refused(&mut Oracle::start(HYDRA).unwrap(), 1_000);
}

#[test]
fn any_json_arrives_in_old_hydra_or_is_refused() {
    json_arrives_or_is_refused(&mut Oracle::start(OLD_HYDRA).unwrap(), 300);
}

/// Hydra 1.2 cannot be imported by Python 3.11 and above; there the test says so.
#[test]
fn any_value_arrives_in_hydra_1_2_where_python_can_import_it() {
    match Oracle::start("1.2.0") {
        Ok(mut oracle) => {
            texts_arrive(&mut oracle, 1_000);
            json_arrives_or_is_refused(&mut oracle, 200);
        }
        Err(reason) => say(&format!("NOT CHECKED with hydra-core 1.2.0: {reason}")),
    }
}

// What `auto` promises, said once more and in other words than the program's.

/// How undeclared text is read.
#[derive(Debug, PartialEq)]
enum Auto {
    /// What Python reads from it as JSON.
    Json,
    /// A list or dict where it is JSON; else text.
    Container,
    /// A bool.
    Bool(bool),
    /// Itself.
    Text,
}

fn auto(text: &str) -> Auto {
    match text.to_ascii_lowercase().as_str() {
        "true" => Auto::Bool(true),
        "false" => Auto::Bool(false),
        _ if text == "null" || is_typed_number(text) => Auto::Json,
        _ if text.starts_with('[') || text.starts_with('{') => Auto::Container,
        _ => Auto::Text,
    }
}

/// A number of JSON that nobody can have meant as text, and that keeps its digits as a number.
fn is_typed_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let split = unsigned.find(['e', 'E']).unwrap_or(unsigned.len());
    let (mantissa, exponent) = unsigned.split_at(split);
    let (whole, fraction) = mantissa.split_at(mantissa.find('.').unwrap_or(mantissa.len()));
    let all_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());

    let whole_is_json = all_digits(whole) && (whole.len() == 1 || !whole.starts_with('0'));
    let fraction_is_json = fraction.is_empty() || all_digits(&fraction[1..]);
    let (signed, power) = match exponent.get(1..2) {
        Some("+" | "-") => (true, &exponent[2..]),
        _ => (false, exponent.get(1..).unwrap_or("")),
    };
    if !whole_is_json || !fraction_is_json || (!exponent.is_empty() && !all_digits(power)) {
        return false;
    }
    if fraction.is_empty() && exponent.is_empty() {
        return whole.len() <= 4300;
    }
    if !exponent.is_empty() && !signed && fraction.is_empty() && whole.len() > 1 {
        return false; // 12345e7 is a commit id.
    }
    let digits = mantissa.replace('.', "");
    let significant = digits.trim_matches('0').len();
    let float: f64 = text.parse().unwrap();
    significant <= 17 && float.is_finite() && (float != 0.0 || significant == 0)
}

/// What an application has to receive for each text.
fn expected(oracle: &mut Oracle, texts: &[String]) -> Vec<String> {
    let read = oracle.loads(texts);
    texts
        .iter()
        .zip(read)
        .map(|(text, json)| match (auto(text), json) {
            (Auto::Json, json) => json.unwrap(),
            (Auto::Container, Ok(json)) => json,
            (Auto::Bool(value), _) => seen::bool(value),
            (Auto::Container | Auto::Text, _) => seen::str(text),
        })
        .collect()
}

fn texts_arrive(oracle: &mut Oracle, count: usize) {
    check(nasty::text(), count, BATCH, |texts| text_failures(oracle, texts));
}

/// The texts that do not arrive, by their index, with what happened instead.
fn text_failures(oracle: &mut Oracle, texts: &[String]) -> Vec<(usize, String)> {
    let flags: Vec<_> =
        texts.iter().enumerate().map(|(index, text)| format!("--v{index}={text}")).collect();
    let translation = match translate(&flags) {
        Ok(translation) => translation,
        // One of them; which one is found by sending each alone.
        Err(_) if texts.len() > 1 => {
            let alone = |text| text_failures(oracle, std::slice::from_ref(text)).into_iter().next();
            let failures = texts.iter().map(alone).enumerate();
            return failures.filter_map(|(index, f)| Some((index, f?.1))).collect();
        }
        Err(refusal) => return vec![(0, format!("refused: {refusal}"))],
    };
    let cases = cases(&translation, texts.len());
    let expected = expected(oracle, texts);
    differences(oracle, &cases, &expected)
}

/// What arrives otherwise than expected, once and through `--multirun`.
fn differences(
    oracle: &mut Oracle,
    cases: &[(String, Vec<String>)],
    expected: &[String],
) -> Vec<(usize, String)> {
    let ways = [("", oracle.apply(cases)), (" with --multirun", oracle.apply_multirun(cases))];
    let mut differences = Vec::new();
    for (way, arrived) in ways {
        for (index, (arrived, expected)) in arrived.iter().zip(expected).enumerate() {
            if arrived.as_ref() != Ok(expected) {
                let overrides = &cases[index].1;
                let text = format!("{overrides:?} arrives{way} as {arrived:?}, not as {expected}");
                differences.push((index, text));
            }
        }
    }
    differences
}

/// Each key of the flags `--v0`, `--v1`, … with its overrides.
fn cases(translation: &Translation, count: usize) -> Vec<(String, Vec<String>)> {
    let cases: Vec<_> =
        translation.trace.iter().map(|step| (step.key.clone().unwrap(), step.to.clone())).collect();
    let keys: Vec<_> = cases.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(keys, (0..count).map(|index| format!("v{index}")).collect::<Vec<_>>());
    let traced: Vec<_> = cases.iter().flat_map(|(_, overrides)| overrides.clone()).collect();
    assert_eq!(traced, translation.overrides, "the trace tells another story than the overrides");
    cases
}

fn json_arrives_or_is_refused(oracle: &mut Oracle, count: usize) {
    let mut refused = 0;
    check(nasty::json_container(), count, count, |texts| {
        let translations: Vec<_> =
            texts.iter().map(|text| translate(&[format!("--v0={text}")])).collect();
        refused += translations.iter().filter(|one| one.is_err()).count();
        json_failures(oracle, texts, &translations)
    });
    let shares = format!("of {count} JSON values {refused} were refused, the others arrived");
    say(&shares);
    assert!(
        refused > count / 50 && refused < count / 3,
        "too few of one kind to prove much: {shares}"
    );
}

fn json_failures(
    oracle: &mut Oracle,
    texts: &[String],
    translations: &[Result<Translation, String>],
) -> Vec<(usize, String)> {
    let (mut sent, mut failures) = (Vec::new(), Vec::new());
    for (index, translation) in translations.iter().enumerate() {
        match translation {
            Ok(translation) => sent.push((index, cases(translation, 1).remove(0))),
            Err(refusal) if oracle.obstacles(&texts[index]).is_empty() => {
                failures.push((index, format!("refused without need: {refusal}")));
            }
            Err(_) => {}
        }
    }

    let (indices, cases): (Vec<_>, Vec<_>) = sent.into_iter().unzip();
    let sent: Vec<_> = indices.iter().map(|&index: &usize| &texts[index]).collect();
    let expected: Vec<_> = oracle.loads(&sent).into_iter().map(Result::unwrap).collect();
    let different = differences(oracle, &cases, &expected);
    failures.extend(different.into_iter().map(|(position, text)| (indices[position], text)));
    failures
}

/// Draws `count` values, and has `failures` check them in batches. A failure is shrunk first.
fn check<S: Strategy>(
    strategy: S,
    count: usize,
    batch: usize,
    mut failures: impl FnMut(&[S::Value]) -> Vec<(usize, String)>,
) {
    let seed: u64 = match std::env::var("HYDRA_SHIM_TEST_SEED") {
        Ok(seed) => seed.parse().expect("HYDRA_SHIM_TEST_SEED is a number"),
        Err(_) => 20_241_123,
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);

    let mut trees: Vec<_> = (0..count).map(|_| strategy.new_tree(&mut runner).unwrap()).collect();
    for batch in trees.chunks_mut(batch) {
        let values: Vec<_> = batch.iter().map(ValueTree::current).collect();
        let found = failures(&values);
        let Some((index, mut happened)) = found.first().cloned() else {
            continue;
        };
        let tree = &mut batch[index];
        let mut smallest = tree.current();
        let mut go_on = tree.simplify();
        for _ in 0..200 {
            if !go_on {
                break;
            }
            let value = tree.current();
            let failure = failures(std::slice::from_ref(&value)).into_iter().next();
            go_on = match failure {
                Some((_, failure)) => {
                    (smallest, happened) = (value, failure);
                    tree.simplify()
                }
                None => tree.complicate(),
            };
        }
        panic!(
            "{} of {} values fail with HYDRA_SHIM_TEST_SEED={seed}; one of them, made as small as \
             it can be, is {smallest:?}: {happened}",
            found.len(),
            values.len(),
        );
    }
}
