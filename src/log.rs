//! `HYDRA_SHIM_LOG`: one line on stderr that tells what was decided, for a person or for Cloud
//! Logging. Without it nothing is printed on success.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;

use crate::error::{Error, visible};
use crate::report;
use crate::translate::Translation;

/// Chooses the form.
pub const LOG_VARIABLE: &str = "HYDRA_SHIM_LOG";

/// How decisions and errors are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Not at all.
    Off,
    /// One line of text, the command quoted for a shell.
    Text,
    /// One line of JSON with `severity` and `message`, as Cloud Logging takes them from a
    /// container's stderr.
    Json,
}

impl Log {
    /// Reads [`LOG_VARIABLE`]. A value that is neither `text` nor `json` asks for some log, so it
    /// gets text; empty and `0` ask for none.
    pub fn from_environment() -> Self {
        match std::env::var_os(LOG_VARIABLE) {
            None => Self::Off,
            Some(value) if value.is_empty() || value == "0" => Self::Off,
            Some(value) if value == "json" => Self::Json,
            Some(_) => Self::Text,
        }
    }

    /// A call that is passed on as it is.
    pub fn untouched(self, reason: &str, argv: &[&OsStr]) {
        if self != Self::Off {
            let argv: Vec<String> = argv.iter().map(|a| a.to_string_lossy().into_owned()).collect();
            self.decided("untouched", reason, &argv, &[]);
        }
    }

    /// A translation; secrets are masked.
    pub fn translated(self, reason: &str, translation: &Translation) {
        if self != Self::Off {
            self.decided("translated", reason, &translation.shown_argv(), &translation.warnings);
        }
    }

    fn decided(self, decision: &str, reason: &str, argv: &[String], warnings: &[String]) {
        let command = report::shown_command(argv);
        let mut message = format!("hydra-shim: {decision} ({reason}): {command}");
        for warning in warnings {
            let _ = write!(message, "; warning: {warning}");
        }
        let line = match self {
            Self::Json => {
                let detail = serde_json::json!({
                    "decision": decision, "reason": reason, "argv": argv, "warnings": warnings,
                });
                let severity = if warnings.is_empty() { "INFO" } else { "WARNING" };
                cloud_line(severity, &message, &detail)
            }
            _ => visible(&message),
        };
        say(&line);
    }

    /// The one place where an error is printed: always for a person, and as a line for Cloud Logging
    /// where that is asked for.
    pub fn report_error(self, error: &Error) {
        let mut text = format!("hydra-shim: error: {}", visible(&error.message));
        if let Some(help) = &error.help {
            let lines: Vec<String> = help.lines().map(visible).collect();
            let _ = write!(text, "\n  help: {}", lines.join("\n        "));
        }
        say(&text);
        if self == Self::Json {
            say(&cloud_line("ERROR", &text, &serde_json::json!(error)));
        }
    }
}

fn cloud_line(severity: &str, message: &str, detail: &serde_json::Value) -> String {
    report::json_line(&serde_json::json!({
        "severity": severity, "message": message, "hydra_shim": detail,
    }))
}

/// One line on stderr. A closed stderr is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
