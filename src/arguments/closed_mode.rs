//! Closed mode (`unknown: error` in the rules), for parameters that strangers may set: what is
//! declared, and what the component itself writes, is accepted and nothing else; and of a declared
//! flag's value not what could choose code or files.

use std::collections::HashSet;

use crate::declarations::{Declarations, Flag, Permission};
use crate::error::{Error, quote};
use crate::hydra::{self, INSTANTIATE_KEYS};
use crate::nearest::nearest;
use crate::value::{Problem, Type, Value};

/// What an undeclared argument may be: in closed mode what the component itself writes.
pub(super) enum Literals<'a> {
    /// The mode is open.
    Anything,
    /// The words, and each with the one after it.
    Only(HashSet<&'a str>, HashSet<(&'a str, &'a str)>),
}

impl<'a> Literals<'a> {
    /// Those that are declared.
    pub(super) fn of(declared: &'a Declarations) -> Self {
        if !declared.closed {
            return Self::Anything;
        }
        let words = declared.literals.iter().map(String::as_str);
        Self::Only(words.clone().collect(), words.clone().zip(words.skip(1)).collect())
    }

    /// Whether `token` is one.
    pub(super) fn hold(&self, token: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Only(words, _) => words.contains(token),
        }
    }

    /// Whether the component writes `value` after `flag`, which is one of Hydra's own: it chooses files
    /// and packages.
    pub(super) fn hold_pair(&self, flag: &str, value: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Only(_, pairs) => pairs.contains(&(flag, value)),
        }
    }
}

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
pub(super) fn admit_value(flag: &Flag, written: &str, value: &Value) -> Result<(), Problem> {
    let refuse = |why: String, what: &str| {
        let help = format!("if that is meant, declare `{what}` on {written}");
        Err(Problem::new(why).help(help))
    };
    let allows = |permission| permission == Some(Permission::Allow);
    let (dollar, targets) = (allows(flag.rule.dollar), allows(flag.rule.targets));
    if flag.ty == Type::Hydra && !(dollar && targets) {
        let why = "is Hydra's own syntax, which closed mode refuses: it may hold anything";
        return refuse(why.to_owned(), "dollar: allow, targets: allow");
    }
    if !dollar && hydra::holds_interpolation(value) {
        let why =
            "holds `${`, which closed mode refuses: hydra.utils.instantiate would evaluate it";
        return refuse(why.to_owned(), "dollar: allow");
    }
    if let (Some(key), false) = (value.find_key(&INSTANTIATE_KEYS), targets) {
        let why = format!(
            "holds the key `{key}`, which closed mode refuses: hydra.utils.instantiate would call \
             what it names"
        );
        return refuse(why, "targets: allow");
    }
    // A config group's option, and each of a list of them, is a file below the config folder, and `..`
    // leads out of it.
    let climbs = |text: &str| text.split('/').any(|part| part == "..");
    if flag.ty != Type::Path && value.any_text(&climbs) {
        let why = "holds `..`, which closed mode refuses: as a config group's option it would load \
                   a file from elsewhere";
        return refuse(why.to_owned(), "type: path");
    }
    Ok(())
}
