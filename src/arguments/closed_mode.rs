//! Closed mode (`unknown: error` in the rules), for parameters that strangers may set: what is
//! declared, and what the component itself writes, is accepted and nothing else; and of a declared
//! flag's value not what could choose code or files.

use crate::declarations::{Declarations, Flag, Permission};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, INSTANTIATE_KEYS};
use crate::nearest::nearest;
use crate::value::{Type, Value};

/// The error for an argument, to be named as `written`, that no declaration names; the nearest declared
/// flag is the help.
pub(super) fn not_declared(declared: &Declarations, written: &str) -> Error {
    let names = declared.flags.iter().map(|flag| flag.name.as_str());
    let near = nearest(written.trim_start_matches('-'), names);
    Error::refused(format!(
        "{} is not declared, and the rules accept only declared flags (unknown: error)",
        quote(written)
    ))
    .help(match near {
        _ if written == "--" => "leave it out: nothing that follows it is accepted".to_owned(),
        _ if hydra::native_key(written).is_some() => {
            "an override has to be the component's own: declare a flag for its key".to_owned()
        }
        Some(name) => format!("did you mean --{name}?"),
        None => "declare it under `flags` in the rules".to_owned(),
    })
}

/// The error for a value of one of Hydra's own flags that the component did not write.
pub(super) fn not_the_components(flag: &str, value: &str) -> Error {
    Error::refused(format!(
        "{flag}: the value {} is not the component's own, and the rules accept no other for one of \
         Hydra's flags (unknown: error)",
        quote(value)
    ))
    .help("let the component write the value, or declare a flag for it")
}

/// Admits the value of a declared flag, written as `written`.
///
/// # Errors
/// Closed mode refuses what it holds.
pub(super) fn admit_value(flag: &Flag, written: &str, value: &Value) -> Result<()> {
    let allows = |permission| permission == Some(Permission::Allow);
    let (dollar, targets) = (allows(flag.rule.dollar), allows(flag.rule.targets));
    let is_instantiate_key = |key: &&str| INSTANTIATE_KEYS.contains(key);
    let key = value.nodes().into_iter().find_map(|(key, _)| key.filter(is_instantiate_key));
    // A config group's option, and each of a list of them, is a file below the config folder, and `..`
    // leads out of it.
    let climbs = |text: &str| text.split('/').any(|part| part == "..");
    let (what, why, meant) = if flag.ty == Type::Hydra && !(dollar && targets) {
        let meant = "dollar: allow, targets: allow";
        ("is Hydra's own syntax".to_owned(), "it may hold anything", meant)
    } else if !dollar && hydra::holds_interpolation(value) {
        let why = "hydra.utils.instantiate would evaluate it";
        ("holds `${`".to_owned(), why, "dollar: allow")
    } else if let (Some(key), false) = (key, targets) {
        let why = "hydra.utils.instantiate would call what it names";
        (format!("holds the key `{key}`"), why, "targets: allow")
    } else if flag.ty != Type::Path && value.texts().any(climbs) {
        let why = "as a config group's option it would load a file from elsewhere";
        ("holds `..`".to_owned(), why, "type: path")
    } else {
        return Ok(());
    };
    Err(Error::refused(format!("{what}, which closed mode refuses: {why}"))
        .help(format!("if that is meant, declare `{meant}` on {written}")))
}
