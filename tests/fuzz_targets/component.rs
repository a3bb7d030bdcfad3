//! A component or a compiled pipeline: what it declares, what its containers get, what Hydra gets,
//! and its rewritten form.

#![no_main]

mod promise;

use hydra_shim::kfp::compiled::Pipeline;
use hydra_shim::kfp::fill::{self, Values};
use hydra_shim::kfp::{declare, rewrite};
use hydra_shim::translate::translate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &str| {
    if let Ok(rewritten) = rewrite::rewrite(file, "component") {
        let again = rewrite::rewrite(&rewritten.text, "component").map(|again| again.text);
        assert_eq!(again.as_ref(), Ok(&rewritten.text), "a rewritten file is rewritten again");
    }
    let Ok(pipeline) = Pipeline::read(file, "component") else { return };
    for task in &pipeline.tasks {
        let Ok(declared) = declare::declarations(&task.component, &|_| None) else { continue };
        let Ok(filled) = fill::fill(&pipeline, task, &Values::default()) else { continue };
        let mut command: Vec<_> = filled.received.iter().map(|one| one.text.clone()).collect();
        let arguments = command.split_off(filled.command);
        if let Ok(translation) = translate(command, &arguments, &declared) {
            promise::values_stay_values(&translation);
        }
    }
});
