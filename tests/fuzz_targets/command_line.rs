//! A token a line: the split into command and arguments, and the arguments that nobody declared.

#![no_main]

mod promise;

use hydra_shim::command_line::{self, Tokens};
use hydra_shim::declarations::Declarations;
use hydra_shim::translate::translate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|lines: &str| {
    let line = match command_line::split(lines.split('\n').map(str::to_owned).collect()) {
        Ok(Tokens::WithCommand(line)) => Ok(line),
        Ok(Tokens::Arguments(arguments)) => {
            let default = ["python3", "main.py"].map(str::to_owned).to_vec();
            command_line::with_default(default, arguments)
        }
        Err(error) => Err(error),
    };
    let Ok(line) = line else { return };
    assert!(!line.command.is_empty());
    for closed in [false, true] {
        let declared = Declarations { closed, ..Declarations::default() };
        let arguments = &line.arguments;
        if let Ok(translation) = translate(line.command.clone(), arguments, &declared) {
            promise::values_stay_values(&translation);
            assert_eq!(translation.command, line.command);
            assert!(!closed || arguments.iter().all(|argument| argument == "--"), "{arguments:?}");
        }
    }
});
