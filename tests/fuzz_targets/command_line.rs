//! A token a line: the split into command and arguments, and the arguments that nobody declared.

#![no_main]

mod promise;

use hydra_shim::command_line;
use hydra_shim::declarations::Declarations;
use hydra_shim::translate::translate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|lines: &str| {
    let default = || Ok(vec!["python3".to_owned(), "main.py".to_owned()]);
    let tokens = lines.split('\n').map(str::to_owned).collect();
    let Ok(line) = command_line::split(tokens, default) else { return };
    assert!(!line.command.is_empty());
    for closed in [false, true] {
        let declared = Declarations { closed, ..Declarations::default() };
        let arguments = line.arguments.clone();
        if let Ok(translation) = translate(line.command.clone(), arguments.clone(), &declared) {
            promise::values_stay_values(&translation);
            assert_eq!(translation.command, line.command);
            assert!(!closed || arguments.iter().all(|argument| argument == "--"), "{arguments:?}");
        }
    }
});
