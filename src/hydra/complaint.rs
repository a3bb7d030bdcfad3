//! What Hydra says when overrides do not compose, and which override it means.
//!
//! Source: the messages of hydra-core 1.3.8 (`config_loader_impl.py`, `default_element.py`,
//! `overrides_parser.py`) and omegaconf 2.3, seen with `--cfg job`.

/// With this variable Hydra prints a traceback instead of what is wrong.
pub const FULL_ERROR_VARIABLE: &str = "HYDRA_FULL_ERROR";

/// What a complaint is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// The config has no such key.
    NoKey(String),
    /// A config group has no such option; the options that it has.
    NoOption {
        /// The group.
        group: String,
        /// What was asked for.
        option: String,
        /// What there is.
        available: Vec<String>,
    },
    /// `~key` finds nothing that it could delete: the config has no such key, or null there.
    NotDeletable(String),
    /// A dict is to be merged into a typed field that is null: OmegaConf 2.3 has no answer to that.
    TypedNull(String),
    /// The key is there already, and `+` adds only new ones.
    AlreadyThere(String),
    /// Hydra's grammar does not read an override; the part that it quotes.
    Input(String),
    /// Anything else.
    Other,
}

impl Complaint {
    /// Reads Hydra's stderr.
    pub fn read(stderr: &str) -> Self {
        let quoted_after = |prefix: &str| {
            let (_, rest) = stderr.split_once(prefix)?;
            rest.split_once('\'').map(|(quoted, _)| quoted.to_owned())
        };
        if let Some(path) = quoted_after("Could not find '") {
            let (group, option) = path.rsplit_once('/').unwrap_or(("", &path));
            let listed = stderr.split_once("Available options in '").map_or("", |(_, rest)| rest);
            let options = listed.lines().skip(1).take_while(|line| line.starts_with('\t'));
            return Self::NoOption {
                group: group.to_owned(),
                option: option.to_owned(),
                available: options.map(|line| line.trim().to_owned()).collect(),
            };
        }
        if stderr.contains("'NoneType' object has no attribute 'get'")
            && let Some(key) = full_key(stderr)
        {
            return Self::TypedNull(key.to_owned());
        }
        if let Some(key) = quoted_after("Could not append to config. An item is already at '") {
            return Self::AlreadyThere(key);
        }
        if let Some(key) = quoted_after("Could not delete from config. '") {
            return Self::NotDeletable(key);
        }
        if stderr.contains("is not in struct") || stderr.contains("not in '") {
            let key = quoted_after("Could not override '");
            return key.map_or(Self::Other, Self::NoKey);
        }
        for before in ["at input '", "token recognition error at: '"] {
            let line = stderr.split_once(before).and_then(|(_, rest)| rest.lines().next());
            if let Some((input, _)) = line.and_then(|line| line.rsplit_once('\'')) {
                return Self::Input(input.to_owned());
            }
        }
        Self::Other
    }

    /// The key that it names.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::NoKey(key)
            | Self::NotDeletable(key)
            | Self::TypedNull(key)
            | Self::AlreadyThere(key) => Some(key),
            Self::NoOption { group, .. } => Some(group),
            Self::Input(_) | Self::Other => None,
        }
    }
}

/// The path in the config at which OmegaConf refused a value, where Hydra's stderr names it.
pub fn full_key(stderr: &str) -> Option<&str> {
    let (_, rest) = stderr.split_once("full_key: ")?;
    rest.lines().next()
}

/// Hydra's stderr without what says nothing about the overrides.
pub fn strip_boilerplate(stderr: &str) -> String {
    let noise = |line: &str| {
        line.starts_with("Set the environment variable HYDRA_FULL_ERROR")
            || line.starts_with("See https://hydra.cc")
            || line.starts_with("To append to your config use")
            || line.starts_with("Config search path:")
            || line.starts_with("\tprovider=")
            || line.trim().is_empty()
    };
    // Of a traceback only the error at its end is about the overrides.
    if stderr.contains("Traceback (most recent call last)") {
        let last = stderr.lines().rev().find(|line| !line.starts_with(' ') && !noise(line));
        return last.unwrap_or_default().to_owned();
    }
    let lines: Vec<&str> = stderr.lines().filter(|line| !noise(line)).map(str::trim).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_understood() {
        let no_key = "Could not override 'lrr'.\nTo append to your config use +lrr=1\nKey 'lrr' is \
                      not in struct\n    full_key: lrr\n    object_type=dict\n\nSet the \
                      environment variable HYDRA_FULL_ERROR=1 for a complete stack trace.\n";
        assert_eq!(Complaint::read(no_key), Complaint::NoKey("lrr".to_owned()));
        assert_eq!(
            strip_boilerplate(no_key),
            "Could not override 'lrr'.; Key 'lrr' is not in struct; full_key: lrr; object_type=dict"
        );
        let no_option = "In 'config': Could not find 'model/forst'\n\nAvailable options in \
                         'model':\n\tforest\n\tnet\nConfig search path:\n\tprovider=hydra, x\n";
        assert_eq!(
            Complaint::read(no_option),
            Complaint::NoOption {
                group: "model".to_owned(),
                option: "forst".to_owned(),
                available: vec!["forest".to_owned(), "net".to_owned()],
            }
        );
        assert_eq!(
            Complaint::read("Could not append to config. An item is already at 'lr'.\n"),
            Complaint::AlreadyThere("lr".to_owned())
        );
        assert_eq!(
            Complaint::read("Could not delete from config. 'opt' does not exist.\n"),
            Complaint::NotDeletable("opt".to_owned())
        );
        assert_eq!(
            Complaint::read(
                "AttributeError: 'NoneType' object has no attribute 'get'\n    full_key: opt\n    \
                 reference_type=Optional[Opt]\n    object_type=NoneType\n"
            ),
            Complaint::TypedNull("opt".to_owned())
        );
        assert_eq!(Complaint::read(""), Complaint::Other);
        assert_eq!(Complaint::read("Could not find '"), Complaint::Other);
    }
}
