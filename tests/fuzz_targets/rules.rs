//! A rules file; after a line `---`, arguments that are translated by it, a token a line.

#![no_main]

mod promise;

use hydra_shim::command_line::App;
use hydra_shim::declarations::Declarations;
use hydra_shim::rules::RulesFile;
use hydra_shim::translate::{dry_run, translate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (file, lines) = input.split_once("\n---\n").unwrap_or((input, ""));
    let app = App::Script("main.py".to_owned());
    let file = RulesFile::new(file.to_owned(), "rules".to_owned());
    let _ = file.naming(&app);
    let Ok(rules) = file.rules(&app) else { return };
    let declared = rules.over(Declarations::default());
    let tokens: Vec<String> = lines.split('\n').map(str::to_owned).collect();
    let run = dry_run(Vec::new(), &tokens, &declared);
    match translate(Vec::new(), &tokens, &declared) {
        Ok(translation) => {
            promise::values_stay_values(&translation);
            assert_eq!(run, translation);
        }
        // A run stops at the first of the errors that a dry run collects.
        Err(error) => assert_eq!(run.errors().next(), Some(&error)),
    }
});
