//! A rules file; behind a line `---`, arguments that are translated by it, a token a line.

#![no_main]

mod promise;

use hydra_shim::command_line::App;
use hydra_shim::declarations::Declarations;
use hydra_shim::rules::Rules;
use hydra_shim::translate::translate;
use hydra_shim::yaml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let (file, lines) = input.split_once("\n---\n").unwrap_or((input, ""));
    let Ok(root) = yaml::parse_whole(file, "rules") else { return };
    let app = App::Script("main.py".to_owned());
    let _ = Rules::names(&root, &app);
    let Ok(rules) = Rules::read(&root, "rules") else { return };
    let declared = rules.for_app(&app).over(Declarations::default());
    let tokens = lines.split('\n').map(str::to_owned).collect();
    if let Ok(translation) = translate(Vec::new(), tokens, &declared) {
        promise::values_stay_values(&translation);
    }
});
