//! Closed mode (`unknown: error` in the rules), for parameters that strangers may set: what is
//! declared, and what the component itself writes, is accepted and nothing else; and of a declared
//! flag's value not what could choose code or files.

use super::Setting;
use crate::declarations::{Declarations, Flag};
use crate::error::{Error, Result, quote};
use crate::hydra::{self, INSTANTIATE_KEYS};
use crate::nearest::nearest;
use crate::value::{Problem, Type};

/// Admits an argument that no declaration names: in closed mode only if the component wrote it.
/// `written` is the part of `token` to be named.
///
/// # Errors
/// It is not admitted; the nearest declared flag is the help.
pub(super) fn admit(declared: &Declarations, token: &str, written: &str) -> Result<()> {
    if !declared.closed || declared.literals.iter().any(|literal| literal == token) {
        return Ok(());
    }
    let names = declared.flags.iter().map(|flag| flag.name.as_str());
    let near = nearest(written.trim_start_matches('-'), names);
    Err(Error::refused(format!(
        "{} is not declared, and the rules accept only declared flags (unknown: error)",
        quote(written)
    ))
    .help(match near {
        Some(name) => format!("did you mean --{name}?"),
        None => "declare it under `flags` in the rules".to_owned(),
    }))
}

/// Admits the value of one of Hydra's own flags, which chooses files and packages: in closed mode only
/// the one that the component wrote behind it.
///
/// # Errors
/// It is not admitted.
pub(super) fn admit_own_value(declared: &Declarations, flag: &str, value: &str) -> Result<()> {
    let written = |pair: &[String]| matches!(pair, [f, v] if f == flag && v == value);
    if !declared.closed || declared.literals.windows(2).any(written) {
        return Ok(());
    }
    Err(Error::refused(format!(
        "{flag}: the value {} is not the component's own, and the rules accept no other for one of \
         Hydra's flags (unknown: error)",
        quote(value)
    ))
    .help("let the component write the value, or declare a flag for it"))
}

/// What closed mode refuses in the value of a declared flag.
pub(super) fn problem(flag: &Flag, written: &str, setting: &Setting) -> Option<Problem> {
    let declare = |what: &str| format!("if that is meant, declare `{what}` on {written}");
    if setting.ty == Type::Hydra && !(flag.allow_dollar && flag.allow_targets) {
        let why = "is Hydra's own syntax, which closed mode refuses: it may hold anything";
        return Some(Problem::new(why).help(declare("dollar: allow, targets: allow")));
    }
    if !flag.allow_dollar && hydra::holds_interpolation(&setting.value) {
        let why =
            "holds `${`, which closed mode refuses: hydra.utils.instantiate would evaluate it";
        return Some(Problem::new(why).help(declare("dollar: allow")));
    }
    if let (Some(key), false) = (setting.value.find_key(&INSTANTIATE_KEYS), flag.allow_targets) {
        let why = format!(
            "holds the key `{key}`, which closed mode refuses: hydra.utils.instantiate would call \
             what it names"
        );
        return Some(Problem::new(why).help(declare("targets: allow")));
    }
    // A config group's option, and each of a list of them, is a file below the config folder, and `..`
    // leads out of it.
    let climbs = |text: &str| text.split('/').any(|part| part == "..");
    if setting.ty != Type::Path && setting.value.any_text(&climbs) {
        let why = "holds `..`, which closed mode refuses: as a config group's option it would load \
                   a file from elsewhere";
        return Some(Problem::new(why).help(declare("type: path")));
    }
    None
}
